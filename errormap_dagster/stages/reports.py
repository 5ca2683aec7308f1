"""Small tables for people, from the tables of the home."""

import json
from collections import Counter
from collections.abc import Sequence

import polars as pl

from errormap_dagster.domain.signature import ALL_DATASETS
from errormap_dagster.ingest.aliases import likely_aliases
from errormap_dagster.ingest.choices import Choice
from errormap_dagster.ingest.staging import AUXILIARY
from errormap_dagster.project import Project
from errormap_dagster.stages.results import reported_version

_CATEGORIES_SHOWN = 20
UNSTABLE = " (unstable)"
"""Stands after the name of a category that does not hold when its taxonomy is grown again."""


def signature_table(project: Project) -> pl.DataFrame:
    """The reported taxonomy at depth 1: a row per category, a column per model, shares 0 to 1.

    The most frequent categories over all models stand first; what is cut is summed in a last row.
    """
    taxonomy, version = reported_version(project)
    rows = (
        project.store.scan("signatures")
        .filter(
            pl.col("taxonomy") == taxonomy,
            pl.col("version") == version,
            pl.col("dataset") == ALL_DATASETS,
            pl.col("depth") == 1,
        )
        .join(_names(project, taxonomy, version), on="category_id", how="left")
        .with_columns(category=pl.coalesce("name", "category_id"))
        .collect()
    )
    if rows.is_empty():
        return pl.DataFrame({"category": []}, schema={"category": pl.String})
    order = (
        rows.group_by("category")
        .agg(pl.sum("n_errors"))
        .sort(["n_errors", "category"], descending=[True, False])["category"]
    )
    head = order.head(_CATEGORIES_SHOWN)
    rest = f"{order.len() - head.len()} more categories"
    shown = rows.with_columns(
        category=pl.when(pl.col("category").is_in(head)).then("category").otherwise(pl.lit(rest))
    )
    wide = shown.pivot(
        "model",
        index="category",
        values="error_share",
        aggregate_function="sum",
        sort_columns=True,
    )
    places = {name: place for place, name in enumerate([*head, rest])}
    return wide.fill_null(0.0).sort(pl.col("category").replace_strict(places))


def _names(project: Project, taxonomy: str, version: int) -> pl.LazyFrame:
    categories = project.store.scan("taxonomy_categories")
    chosen = categories.filter(pl.col("taxonomy") == taxonomy, pl.col("version") == version)
    key = ["taxonomy", "version", "category_id"]
    quality = project.store.scan("taxonomy_category_quality").select(*key, "is_unstable")
    joined = chosen.join(quality, on=key, how="left")
    name = pl.when("is_unstable").then(pl.col("name") + UNSTABLE).otherwise("name")
    return joined.select("category_id", name=name)


def ledger_table(project: Project) -> pl.DataFrame:
    """A row per evaluation: its predictions, its failures, and where each of them ended."""
    key = ["dataset", "model"]
    predictions = project.store.scan("raw_predictions").group_by(key).len("n_predictions")
    outcomes = (
        project.store.scan("failure_ledger")
        .group_by(*key, "outcome")
        .len("n")
        .collect()
        .pivot("outcome", index=key, values="n", sort_columns=True)
        .fill_null(0)
    )
    named = [name for name in outcomes.columns if name not in key]
    totals = outcomes.with_columns(n_failures=pl.sum_horizontal(named)) if named else outcomes
    joined = predictions.collect().join(totals, on=key, how="left").fill_null(0).sort(key)
    return joined.select(*key, "n_predictions", *(["n_failures"] if named else []), *named)


def as_percentages(shares: pl.DataFrame) -> pl.DataFrame:
    """Shares as whole percentages for reading; empty where there is nothing."""
    number = pl.selectors.numeric()
    rounded = (number * 100).round(0).cast(pl.Int64)
    return shares.with_columns(pl.when(number > 0).then(rounded).name.keep())


def landed_table(project: Project) -> pl.DataFrame:
    """A row per landed file with rows: its status and what became of them, under short headings."""
    files = project.store.scan("landed_files").sort("source_uri", "landed_at")
    files = files.filter(pl.col("status") != AUXILIARY)
    return files.select(
        "status",
        pl.col("n_rows", "n_kept", "n_quarantined", "n_duplicates").name.replace("^n_", ""),
        pl.col("n_passed_over").alias("passed over"),
        file="source_uri",
    ).collect()


def landing_notes(project: Project) -> list[str]:
    """A sentence for each file of which there is more to say than its counts."""
    files = project.store.scan("landed_files").filter(pl.col("status") != AUXILIARY)
    told = files.filter(pl.col("detail").is_not_null())
    rows = told.sort("source_uri", "landed_at").select("source_uri", "status", "detail").collect()
    notes = [f"{uri} is {status}: {detail}" for uri, status, detail in rows.iter_rows()]
    all_files = project.store.scan("landed_files")
    if n := all_files.filter(pl.col("status") == AUXILIARY).collect().height:
        notes.append(f"{n} more files hold no rows of their own and are read with others.")
    return notes


def evaluation_table(project: Project) -> pl.DataFrame:
    """A row per evaluation: predictions, failures, how many are sampled and judged, the rule."""
    key = ["dataset", "model"]
    store = project.store
    predictions = store.scan("raw_predictions").group_by(key).len("predictions")
    failed = (
        store.scan("failures")
        .group_by(key)
        .agg(
            failures=pl.len(),
            sampled=pl.sum("is_sampled"),
            success=pl.format(
                "{} {} {}",
                pl.first("metric"),
                pl.when(pl.first("higher_is_better")).then(pl.lit(">=")).otherwise(pl.lit("<=")),
                pl.first("threshold"),
            ),
        )
    )
    judged = store.scan("judged_errors").group_by(key).len("judged")
    joined = predictions.join(failed, on=key, how="left").join(judged, on=key, how="left")
    count = pl.col("failures", "sampled", "judged").fill_null(0)
    shown = [*key, "predictions", "failures", "sampled", "judged", "success"]
    return joined.with_columns(count).select(shown).sort(key).collect()


def trial_notes(project: Project) -> list[str]:
    """A sentence for each dataset that has several trials of an example."""
    trials = (
        project.store.scan("raw_predictions")
        .group_by("dataset")
        .agg(most=pl.max("trial"), n=(pl.col("trial") > 1).sum())
        .filter(pl.col("n") > 0)
        .sort("dataset")
        .collect()
    )
    return [
        f"{dataset}: up to {most} trials of an example; where a file does not number them, "
        "they are numbered by content."
        for dataset, most in trials.select("dataset", "most").iter_rows()
    ]


def choice_notes(project: Project) -> list[str]:
    """A sentence for each dataset of a log with metrics and filters: which were taken, and how."""
    counted = Counter(project.landing.choices())
    told = [_choice_note(name, choice, n) for (name, choice), n in sorted(counted.items(), key=str)]
    gone = project.landing.unread_choices()
    return [
        *told,
        *(f"{uri} was read by other settings and is gone: land it again." for uri in gone),
    ]


def _choice_note(source_format: str, choice: Choice, n_files: int) -> str:
    parts = [_taken("metric", choice.metric, choice.metrics, choice.wanted_metric)]
    if choice.filter is not None:
        parts.append(_taken("filter", choice.filter, choice.filters, choice.wanted_filter))
    files = "1 file" if n_files == 1 else f"{n_files} files"
    return f"{choice.dataset} ({source_format}, {files}): {', '.join(parts)}."


def _taken(what: str, taken: str, there: Sequence[str], wanted: str | None) -> str:
    others = [name for name in there if name != taken]
    how = "as set" if wanted else "the default"
    rest = f"; others: {', '.join(others)}" if others else ""
    return f"{what} {taken} ({how}{rest})"


def alias_notes(project: Project) -> list[str]:
    """A question for each two models of a dataset whose names may be spellings of one."""
    by_dataset: dict[str, list[str]] = {}
    for dataset, model in project.landing.evaluations():
        by_dataset.setdefault(dataset, []).append(model)
    pairs = {pair for models in by_dataset.values() for pair in likely_aliases(models)}
    return [
        f"Are {one!r} and {other!r} one model? Then write under models.aliases in "
        f"{project.home.settings_file.name}: {{{json.dumps(one)}: {json.dumps(other)}}}"
        for one, other in sorted(pairs)
    ]


def example_notes(project: Project) -> list[str]:
    """A sentence for each dataset in which one example_id stands for several examples."""
    differing = (
        project.store.scan("raw_predictions")
        .group_by("dataset", "example_id")
        .agg(n_hashes=pl.col("example_hash").drop_nulls().n_unique())
        .group_by("dataset")
        .agg(n=(pl.col("n_hashes") > 1).sum(), of=pl.len())
        .filter(pl.col("n") > 0)
        .sort("dataset")
        .collect()
    )
    return [
        f"{dataset}: {n} of {of} examples have another question or reference in one log than in "
        "another (see example_hash); make sure that their ids mean the same."
        for dataset, n, of in differing.iter_rows()
    ]
