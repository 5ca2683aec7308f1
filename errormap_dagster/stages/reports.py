"""Small tables for people, from the tables of the home."""

import polars as pl

from errormap_dagster.domain.signature import ALL_DATASETS
from errormap_dagster.project import Project
from errormap_dagster.stages.results import reported_version

_CATEGORIES_SHOWN = 12


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
    order = rows.group_by("category").agg(pl.sum("n_errors")).sort(
        ["n_errors", "category"], descending=[True, False]
    )["category"]
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
    return chosen.select("category_id", "name")


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
