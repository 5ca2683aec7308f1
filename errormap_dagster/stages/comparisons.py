"""Comparisons of models as a stage: pairs by the settings, or any two on the fly."""

from collections.abc import Mapping
from itertools import combinations

import polars as pl

from errormap_dagster.contracts.registry import empty_frame, polars_schema
from errormap_dagster.domain.comparison import Comparison, compare
from errormap_dagster.domain.deviation import model_deviations
from errormap_dagster.domain.outcomes import ANY_FAILURE, CORRECT, outcomes_by_dataset
from errormap_dagster.domain.signature import place_errors
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.project import Project
from errormap_dagster.stages.results import of_complete_evaluations, reported_version
from errormap_dagster.stages.taxonomies import categories_of
from errormap_dagster.tables import COMPARISON_TABLES

_KEY = ["dataset", "model", "example_id", "trial"]


def prediction_states(project: Project) -> pl.DataFrame:
    """One row per prediction that counts: dataset, model, example_id, trial, state and weight.

    The state is "correct", the category of depth 1 of the reported taxonomy, or the outcome.
    """
    taxonomy, version = reported_version(project)
    ledger = project.store.scan("failure_ledger").rename({"outcome": "status"})
    columns = ["prediction_id", "category_id", "status", "sampling_weight"]
    placed = place_errors(
        ledger.select(columns).collect(), categories_of(project, VersionKey(taxonomy, version)), 1
    ).rename({"category_id": "state"})
    return (
        of_complete_evaluations(project, "raw_predictions")
        .select("prediction_id", *_KEY)
        .collect()
        .join(placed.drop("status"), on="prediction_id", how="left")
        .with_columns(pl.col("state").fill_null(CORRECT), pl.col("sampling_weight").fill_null(1.0))
        .drop("prediction_id")
        .sort(_KEY)
    )


def compare_pair(
    project: Project, model_a: str, model_b: str, dataset: str | None = None
) -> Comparison:
    """Compare any two models now, under the reported taxonomy.

    Raises:
        ErrorMapError: a model or the dataset is not known, or they share no example.
    """
    states = prediction_states(project)
    for what, wanted in (("model", model_a), ("model", model_b), ("dataset", dataset)):
        known = sorted(set(states[what]))
        if wanted is not None and wanted not in known:
            raise ErrorMapError(f"There is no {what} {wanted!r}. Known: {', '.join(known)}.")
    chosen = states if dataset is None else states.filter(pl.col("dataset") == dataset)
    level = project.settings.comparisons.false_discovery_rate
    found = compare(outcomes_by_dataset(chosen), model_a, model_b, false_discovery_rate=level)
    if found.differences.is_empty():
        where = f"dataset {dataset}" if dataset else "dataset"
        raise ErrorMapError(f"{model_a} and {model_b} share no example of any {where}.")
    return found


def chosen_pairs(project: Project) -> Mapping[tuple[str, str], list[str]]:
    """The pairs of models that the table holds, each with the datasets that it is compared on."""
    evaluations = project.store.scan("evaluations").filter("is_complete").collect()
    by_dataset: dict[str, list[str]] = {}
    for dataset, model in evaluations.select("dataset", "model").sort("dataset", "model").rows():
        by_dataset.setdefault(dataset, []).append(model)
    settings = project.settings.comparisons
    pairs: dict[tuple[str, str], list[str]] = {}
    for dataset, models in by_dataset.items():
        if isinstance(settings.pairs, list):
            wanted = [(a, b) for a, b in settings.pairs if {a, b} <= set(models)]
        else:
            wanted = list(combinations(models, 2)) if settings.pairs == "all" else []
            wanted = wanted if len(wanted) <= settings.max_pairs_per_dataset else []
        for pair in wanted:
            pairs.setdefault(pair, []).append(dataset)
    return pairs


def make_comparisons(project: Project) -> bool:
    """Write the tables of comparisons unless they stand already; whether they were written."""
    mark = project.fingerprints.comparisons()
    if all(project.store.fingerprint(table) == mark for table in COMPARISON_TABLES):
        return False
    outcomes = outcomes_by_dataset(prediction_states(project))
    level = project.settings.comparisons.false_discovery_rate
    found = [
        compare([o for o in outcomes if o.dataset in datasets], *pair, false_discovery_rate=level)
        for pair, datasets in sorted(chosen_pairs(project).items())
    ]
    deviations = model_deviations(outcomes, false_discovery_rate=level)
    frames = ([c.differences for c in found], [c.transitions for c in found], [deviations])
    for table, rows in zip(COMPARISON_TABLES, frames, strict=True):
        project.store.write(table, _stamped(project, table, rows), mark)
    return True


def _stamped(project: Project, table: str, frames: list[pl.DataFrame]) -> pl.DataFrame:
    """The rows with the taxonomy and version that they stand under, sorted by key."""
    taxonomy, version = reported_version(project)
    schema = polars_schema(table)
    stamp = {"taxonomy": pl.lit(taxonomy), "version": pl.lit(version, pl.Int64)}
    stamped = [frame.with_columns(**stamp).select(schema.names()) for frame in frames]
    key = [name for name in schema if "dataset" in name or "model" in name or "category" in name]
    return pl.concat([empty_frame(table), *stamped]).sort(key)


def with_category_names(project: Project, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with ``category``: the name of category_id, or a word for what is none."""
    taxonomy, version = reported_version(project)
    names = {c.category_id: c.name for c in categories_of(project, VersionKey(taxonomy, version))}
    named = pl.col("category_id").replace({**names, ANY_FAILURE: "any failure"})
    return rows.with_columns(category=named)
