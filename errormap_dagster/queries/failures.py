"""Finding failures: by evaluation, category, outcome, words, and by what another model did."""

import re
from dataclasses import dataclass
from typing import Literal

import polars as pl

from errormap_dagster.queries.errors import Version, error_rows, places
from errormap_dagster.queries.tables import Tables

_TEXTS = ["input_text", "output_text", "correct_answer"]
_ERROR_TEXTS = ["error_title", "error_summary"]
Result = Literal["right", "wrong"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which failures are asked for; what is None is not asked.

    Attributes:
        dataset: the dataset.
        model: who failed.
        category: a category with all below it, or ``other`` or ``unassigned``.
        outcome: what became of the failure.
        text: words that stand in the error, the input, the output or the reference.
        example: the example.
        other_model: another model that was asked the same.
        other_result: whether that one was right or wrong; it must be given with it.
        also: a second version and a category of it.
    """

    dataset: str | None = None
    model: str | None = None
    category: str | None = None
    outcome: str | None = None
    text: str | None = None
    example: str | None = None
    other_model: str | None = None
    other_result: Result = "right"
    also: tuple[Version, str] | None = None


def find_failures(tables: Tables, version: Version, wanted: Wanted) -> pl.DataFrame:
    """The rows of ``error_rows`` that are asked for, in its order."""
    rows = error_rows(tables, version)
    for column, value in (
        ("dataset", wanted.dataset),
        ("model", wanted.model),
        ("outcome", wanted.outcome),
        ("example_id", wanted.example),
    ):
        rows = rows if value is None else rows.filter(pl.col(column) == value)
    if wanted.category is not None:
        rows = rows.filter(_is_in(tables, version, wanted.category))
    if wanted.also is not None:
        second = error_rows(tables, wanted.also[0]).filter(_is_in(tables, *wanted.also))
        rows = rows.join(second, on="prediction_id", how="semi")
    if wanted.other_model is not None:
        rows = _by_result(tables, rows, wanted.other_model, wanted.other_result)
    return rows if not wanted.text else _with_text(tables, rows, wanted)


def _is_in(tables: Tables, version: Version, category: str) -> pl.Expr:
    known = places(tables, version)
    members = known[category].members if category in known else {category}
    return pl.col("category_id").is_in(sorted(members))


def _by_result(tables: Tables, rows: pl.DataFrame, model: str, result: Result) -> pl.DataFrame:
    """The rows whose example another model was asked too, and was right or wrong about."""
    key = ["dataset", "example_id"]
    failed = tables.frame("failures").filter(pl.col("model") == model)
    if result == "wrong":
        return rows.join(failed, on=key, how="semi")
    asked = examples(tables).filter(pl.col("model") == model)
    return rows.join(asked, on=key, how="semi").join(failed, on=key, how="anti")


def examples(tables: Tables) -> pl.DataFrame:
    """One row per dataset, model and example_id that were asked."""
    key = ["dataset", "model", "example_id"]
    return tables.kept(
        "examples",
        ["raw_predictions"],
        lambda: tables.scan("raw_predictions").select(key).unique().sort(key).collect(),
    )


def _with_text(tables: Tables, rows: pl.DataFrame, wanted: Wanted) -> pl.DataFrame:
    pattern = f"(?i){re.escape(wanted.text or '')}"
    in_error = pl.any_horizontal(
        pl.col(name).str.contains(pattern).fill_null(value=False) for name in _ERROR_TEXTS
    )
    part = {name: v for name in ("dataset", "model") if (v := getattr(wanted, name)) is not None}
    # A partition is named from its first folder on.
    part = part if "dataset" in part else {}
    in_texts = (
        tables.scan("raw_predictions", part)
        .filter(pl.any_horizontal(pl.col(name).str.contains(pattern) for name in _TEXTS))
        .select("prediction_id")
        .collect()["prediction_id"]
    )
    return rows.filter(in_error | pl.col("prediction_id").is_in(in_texts.implode()))


def with_quotes(tables: Tables, rows: pl.DataFrame) -> pl.DataFrame:
    """A few rows with the first quote that speaks against each output.

    Adds ``evidence``, null where the judge quotes nothing.
    """
    criteria = (
        tables.frame("judged_errors", without=["error_summary"])
        .lazy()
        .filter(pl.col("prediction_id").is_in(rows["prediction_id"].implode()))
        .select("prediction_id", "criteria")
        .explode("criteria")
        .unnest("criteria")
        .filter(pl.col("evidence").is_not_null(), pl.col("quality") != "correct")
        .group_by("prediction_id", maintain_order=True)
        .first()
        .select("prediction_id", "evidence")
    )
    return (
        rows.lazy().join(criteria, on="prediction_id", how="left", maintain_order="left").collect()
    )
