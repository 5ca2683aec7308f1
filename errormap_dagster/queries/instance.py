"""All that is known of one failure: the page behind every number."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from errormap_dagster.errors import ErrorMapError
from errormap_dagster.queries.errors import Version, category_name, error_rows, places
from errormap_dagster.queries.failures import examples
from errormap_dagster.queries.tables import Tables

Row = dict[str, Any]


class UnknownFailureError(ErrorMapError):
    """No failure has this id."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One failure.

    Attributes:
        prediction: its row of ``raw_predictions``.
        failure: its row of ``failures``.
        judged: its row of ``judged_errors``; None when it was not sampled.
        assignments: its category in each taxonomy version: rows of ``category_assignments`` with
            ``category`` and ``runner_up``, the names.
        correct: correct outputs of others: model, output_text, prediction_id.
        others: what each other model made of the example: model, prediction_id (None if right).
        call: the row of ``judge_calls`` behind the diagnosis; None without one.
    """

    prediction: Row
    failure: Row
    judged: Row | None
    assignments: list[Row]
    correct: list[Row]
    others: list[Row]
    call: Row | None


def instance(tables: Tables, prediction_id: str) -> Instance:
    """Everything about one failure.

    Raises:
        UnknownFailureError: there is no failure with this id.
    """
    failure = _one(tables.frame("failures"), prediction_id)
    if failure is None:
        raise UnknownFailureError(
            f"No failure has the id {prediction_id!r}. It may have been replaced by a later file; "
            "search for its example among the failures."
        )
    here = {"dataset": failure["dataset"], "model": failure["model"]}
    prediction = _one(tables.scan("raw_predictions", here).collect(), prediction_id)
    judged = _one(tables.frame("judged_errors"), prediction_id)
    return Instance(
        prediction=prediction or {},
        failure=failure,
        judged=judged,
        assignments=_assignments(tables, prediction_id),
        correct=_correct_outputs(tables, failure),
        others=_others(tables, failure),
        call=_call(tables, judged),
    )


def _one(rows: pl.DataFrame, prediction_id: str) -> Row | None:
    found = rows.filter(pl.col("prediction_id") == prediction_id).head(1).to_dicts()
    return found[0] if found else None


def _assignments(tables: Tables, prediction_id: str) -> list[Row]:
    rows = tables.frame("category_assignments").filter(pl.col("prediction_id") == prediction_id)
    told: list[Row] = []
    for row in rows.sort("taxonomy", "version").iter_rows(named=True):
        known = places(tables, Version(row["taxonomy"], row["version"]))
        second = row["runner_up_category_id"]
        told.append({**row, "runner_up": second and category_name(known, second)})
    return told


def _correct_outputs(tables: Tables, failure: Row) -> list[Row]:
    picks = tables.scan("informative_correct_predictions", {"dataset": failure["dataset"]})
    return (
        picks.filter(
            pl.col("example_id") == failure["example_id"], pl.col("model") != failure["model"]
        )
        .sort("rank")
        .select("model", "output_text", "prediction_id")
        .collect()
        .to_dicts()
    )


def _others(tables: Tables, failure: Row) -> list[Row]:
    here = [pl.col(name) == failure[name] for name in ("dataset", "example_id")]
    failed = tables.frame("failures").filter(*here).select("model", "prediction_id")
    asked = examples(tables).filter(*here, pl.col("model") != failure["model"])
    first = failed.sort("model", "prediction_id").unique("model", keep="first")
    return asked.select("model").join(first, on="model", how="left").sort("model").to_dicts()


def _call(tables: Tables, judged: Row | None) -> Row | None:
    call_id = judged and judged["call_id"]
    if not call_id or not tables.has("judge_calls"):
        return None
    found = tables.frame("judge_calls").filter(pl.col("call_id") == call_id).head(1).to_dicts()
    return found[0] if found else None


def neighbours(tables: Tables, version: Version, failure: Row) -> Row:
    """The failures of the same model and dataset right before and after this one, by example.

    Returns ``before`` and ``after``: ids of predictions, None at the ends.
    """
    here = [pl.col(name) == failure[name] for name in ("dataset", "model")]
    ids = error_rows(tables, version).filter(*here)["prediction_id"].to_list()
    place = ids.index(failure["prediction_id"])
    return {
        "before": ids[place - 1] if place else None,
        "after": ids[place + 1] if place + 1 < len(ids) else None,
    }
