"""The failure ledger: exactly one outcome for every failed prediction.

The identity that must hold, per dataset and model:
failures = assigned + other + unassigned + no_error_found + judge_failed + not_sampled.
The ledger is built from what the stages wrote and papers nothing over: a failure that a stage
lost has no outcome here, and ``reconcile`` names it.
"""

from typing import NamedTuple

import polars as pl

from errormap_dagster.contracts.registry import polars_schema

_EVALUATION = ["dataset", "model"]
_IDS_SHOWN = 10
_WITHOUT_ERROR = ["no_error_found", "judge_failed"]


class Discrepancy(NamedTuple):
    """Rows that a stage lost or made up."""

    dataset: str
    model: str
    problem: str
    n_rows: int
    prediction_ids: list[str]


def build_ledger(
    failures: pl.DataFrame,
    judged: pl.DataFrame,
    assignments: pl.DataFrame,
    *,
    taxonomy: str,
    version: int,
) -> pl.DataFrame:
    """Rows of ``failure_ledger`` under one taxonomy version, sorted by evaluation and id.

    Args:
        failures: rows of ``failures``.
        judged: rows of ``judged_errors``.
        assignments: rows of ``category_assignments``; other versions are passed over.
        taxonomy: under which the outcomes stand.
        version: its version.
    """
    shown = assignments.filter(pl.col("taxonomy") == taxonomy, pl.col("version") == version)
    without_error = judged.filter(pl.col("outcome").is_in(_WITHOUT_ERROR)).select(
        "prediction_id",
        "outcome",
        reason=pl.col("error_summary"),
        category_id=pl.lit(None, pl.String),
    )
    with_error = shown.select("prediction_id", "reason", "category_id", outcome="status")
    not_sampled = failures.filter(~pl.col("is_sampled")).select(
        "prediction_id",
        outcome=pl.lit("not_sampled"),
        reason=pl.lit("outside of the sample that the judge reads"),
        category_id=pl.lit(None, pl.String),
    )
    columns = ["prediction_id", "outcome", "reason", "category_id"]
    outcomes = pl.concat([f.select(columns) for f in (without_error, with_error, not_sampled)])
    ledger = failures.select("prediction_id", *_EVALUATION, "sampling_weight").join(
        outcomes, on="prediction_id", how="inner"
    )
    stamped = ledger.with_columns(taxonomy=pl.lit(taxonomy), version=pl.lit(version, pl.Int64))
    schema = polars_schema("failure_ledger")
    return stamped.select(schema.names()).cast(schema).sort([*_EVALUATION, "prediction_id"])


def reconcile(
    failures: pl.DataFrame, judged: pl.DataFrame, ledger: pl.DataFrame
) -> list[Discrepancy]:
    """Every way in which the stages do not account for the failures, per dataset and model.

    Args:
        failures: rows of ``failures``: prediction_id, dataset, model and is_sampled are read.
        judged: rows of ``judged_errors``: prediction_id, dataset and model are read.
        ledger: rows of ``failure_ledger``: prediction_id, dataset and model are read.

    Returns:
        Nothing when each sampled failure was judged once and each failure has one outcome.
    """
    sampled = failures.filter("is_sampled")
    return [
        *_compare(sampled, judged, "was sampled but never judged", "was judged but not sampled"),
        *_repeated(judged, "was judged more than once"),
        *_compare(failures, ledger, "has no outcome", "has an outcome but did not fail"),
        *_repeated(ledger, "has more than one outcome"),
    ]


def _compare(
    expected: pl.DataFrame, found: pl.DataFrame, lost: str, made_up: str
) -> list[Discrepancy]:
    missing = expected.join(found, on="prediction_id", how="anti")
    surplus = found.join(expected, on="prediction_id", how="anti")
    return [*_by_evaluation(missing, lost), *_by_evaluation(surplus, made_up)]


def _repeated(rows: pl.DataFrame, problem: str) -> list[Discrepancy]:
    return _by_evaluation(rows.filter(pl.col("prediction_id").is_duplicated()), problem)


def _by_evaluation(rows: pl.DataFrame, problem: str) -> list[Discrepancy]:
    counted = (
        rows.sort("prediction_id")
        .group_by(_EVALUATION)
        .agg(n=pl.len(), ids=pl.col("prediction_id").unique(maintain_order=True).head(_IDS_SHOWN))
        .sort(_EVALUATION)
    )
    return [
        Discrepancy(dataset, model, problem, n, ids)
        for dataset, model, n, ids in counted.iter_rows()
    ]
