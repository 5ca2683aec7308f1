"""From texts as they stood in a file to typed predictions, and the rows that cannot be used.

Texts are never trimmed or interpreted: "None", "NA", "null", "nan" and "" are texts, a missing
value is null. Only ids, scores and flags are read for their meaning.
"""

import json
from typing import NamedTuple

import polars as pl

from errormap_dagster.domain.identity import example_hash
from errormap_dagster.domain.signature import ALL_DATASETS
from errormap_dagster.ingest.interface import COLUMNS, EXTRA, REJECT_SCHEMA, RUN, Batch

PREDICTION_SCHEMA = pl.Schema(
    {
        "row_number": pl.Int64,
        "dataset": pl.String,
        "model": pl.String,
        "example_id": pl.String,
        "trial": pl.Int64,
        "input_text": pl.String,
        "output_text": pl.String,
        "correct_answer": pl.String,
        "score": pl.Float64,
        "metric": pl.String,
        "higher_is_better": pl.Boolean,
        "example_hash": pl.String,
        RUN: pl.String,
    }
)
DEFAULT_METRIC = "score"
_FLAGS = {
    **dict.fromkeys(["true", "1", "1.0"], True),
    **dict.fromkeys(["false", "0", "0.0"], False),
}
_NOT_FINITE = r"(?i)^[+-]?(nan|inf(inity)?)$"
_LARGEST_WHOLE_FLOAT = 2.0**53


class Normalised(NamedTuple):
    """Usable rows in ``PREDICTION_SCHEMA``, the others in ``REJECT_SCHEMA``."""

    predictions: pl.DataFrame
    rejects: pl.DataFrame


def _is_blank(column: str) -> pl.Expr:
    return pl.col(column).is_null() | (pl.col(column).str.strip_chars() == "")


def _with_all_columns(rows: pl.DataFrame, dataset: str) -> pl.DataFrame:
    absent = [name for name in (*COLUMNS, *EXTRA) if name not in rows.columns]
    complete = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
    if "is_undecodable" not in complete.columns:
        complete = complete.with_columns(is_undecodable=pl.lit(value=False))
    return complete.with_columns(
        dataset=pl.col("dataset").fill_null(dataset), metric=_or_default("metric")
    )


def _or_default(column: str) -> pl.Expr:
    return pl.when(_is_blank(column)).then(pl.lit(DEFAULT_METRIC)).otherwise(pl.col(column))


def _parsed(rows: pl.DataFrame) -> pl.DataFrame:
    """Beside each interpreted column its value, null where it has none."""
    score_text = pl.col("score").cast(pl.String).str.strip_chars()
    truth = score_text.str.to_lowercase().replace_strict(
        {"true": 1.0, "false": 0.0}, default=None, return_dtype=pl.Float64
    )
    number = (
        pl.col("score")
        if rows.schema["score"].is_numeric()
        else score_text.cast(pl.Float64, strict=False)
    )
    flag = pl.col("higher_is_better").str.strip_chars().str.to_lowercase()
    trial = pl.col("trial").str.strip_chars().cast(pl.Float64, strict=False)
    whole = trial.is_between(0, _LARGEST_WHOLE_FLOAT) & (trial == trial.floor())
    return rows.with_columns(
        score_text=score_text,
        score_value=pl.coalesce(truth, number.cast(pl.Float64)),
        flag_value=flag.replace_strict(_FLAGS, default=None, return_dtype=pl.Boolean),
        trial_value=pl.when(whole).then(trial).cast(pl.Int64),
    )


def _reasons() -> pl.Expr:
    """The first reason that applies to a row, null where there is none."""
    value, text = pl.col("score_value"), pl.col("score_text")
    unreadable = (~_is_blank("trial") & pl.col("trial_value").is_null()) | (
        ~_is_blank("higher_is_better") & pl.col("flag_value").is_null()
    )
    cases = {
        "undecodable_text": pl.col("is_undecodable"),
        "missing_model": _is_blank("model"),
        "missing_example_id": _is_blank("example_id"),
        "missing_dataset": _is_blank("dataset"),
        "reserved_name": pl.col("dataset") == ALL_DATASETS,
        "missing_score": text.is_null() | (text == ""),
        "score_not_finite": value.is_nan() | value.is_infinite() | text.str.contains(_NOT_FINITE),
        "score_not_a_number": value.is_null(),
        "invalid_value": unreadable,
    }
    found = [pl.when(case).then(pl.lit(reason)) for reason, case in cases.items()]
    return pl.coalesce(found)


def _details() -> pl.Expr:
    """What was found in a row, and what would make it usable."""
    told = {
        "undecodable_text": pl.lit("holds bytes that are no UTF-8 text; save the file as UTF-8"),
        "missing_model": pl.lit("has no model; name the model that gave the output"),
        "missing_example_id": pl.lit("has no example_id; give the benchmark's id of the example"),
        "missing_dataset": pl.lit("has a blank dataset; name it or leave the column out"),
        "reserved_name": pl.lit("dataset 'all' means all datasets together; use another name"),
        "missing_score": pl.lit("has no score; give the benchmark's score of the output"),
        "score_not_finite": pl.format("score is {}; it must be finite", "score_text"),
        "score_not_a_number": pl.format("score is '{}', which is no number", "score_text"),
        "invalid_value": pl.format(
            "trial is '{}' and must be a whole number from 0, higher_is_better is '{}' and must "
            "be true or false",
            pl.col("trial").fill_null(""),
            pl.col("higher_is_better").fill_null(""),
        ),
    }
    return pl.coalesce(
        pl.when(pl.col("reason") == reason).then(detail) for reason, detail in told.items()
    )


def _raw_rows(rejected: pl.DataFrame, original: list[str]) -> pl.Series:
    """The row as it stood where the format knows it, else the values that were read from it."""
    known = rejected["raw_row"] if "raw_row" in rejected.columns else [None] * rejected.height
    texts = [
        stood
        if stood is not None
        else json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False)
        for stood, row in zip(known, rejected.select(original).iter_rows(named=True), strict=True)
    ]
    return pl.Series("raw_row", texts, pl.String)


def _example_hashes(kept: pl.DataFrame) -> pl.Series:
    """By the bare question and reference where the format knows them, else by what stands."""
    texts = kept.select(
        pl.coalesce("bare_input", "input_text").alias("asked"),
        pl.coalesce("bare_reference", "correct_answer").alias("expected"),
    )
    return pl.Series("example_hash", [example_hash(*row) for row in texts.iter_rows()], pl.String)


def normalise(batch: Batch, dataset: str) -> Normalised:
    """Type the rows of a batch; rows that cannot be used are rejected with the reason.

    Args:
        batch: as a source format gives it.
        dataset: the name for rows that name none.
    """
    if batch.rows.is_empty():
        return Normalised(pl.DataFrame(schema=PREDICTION_SCHEMA), batch.rejects)
    ours = {"row_number", "is_undecodable", "raw_row", *EXTRA}
    original = [name for name in batch.rows.columns if name not in ours]
    told = _parsed(_with_all_columns(batch.rows, dataset)).with_columns(reason=_reasons())
    rejected = told.filter(pl.col("reason").is_not_null()).with_columns(detail=_details())
    refused = rejected.with_columns(_raw_rows(rejected, original)).select(REJECT_SCHEMA.names())
    kept = told.filter(pl.col("reason").is_null()).with_columns(
        score="score_value", trial="trial_value", higher_is_better="flag_value"
    )
    kept = kept.with_columns(_example_hashes(kept))
    return Normalised(
        kept.select(PREDICTION_SCHEMA.names()).cast(PREDICTION_SCHEMA),
        pl.concat([batch.rejects, refused]).sort("row_number"),
    )
