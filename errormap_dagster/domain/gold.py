"""Suspect gold: examples whose reference, or whose scoring, may be wrong, and what they cost.

The signs are: several models agree on the same other answer; the judge found no error in a
failure; the reference varies; the reference is missing where others have one. Agreement is weighed
as Dawid and Skene (1979) do, with one accuracy per model: the logarithm of the odds that the other
answer, and not the reference, is the right one. Models are not independent: it ranks, and is no
probability.
"""

from math import log
from typing import Final

import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.shares import wilson_interval

_EXAMPLE = ["dataset", "example_id"]
_OPEN_ANSWERS: Final = 10
"""Possible answers where the options are not known."""
_SURE: Final = 0.98
"""No model is taken to be right, or wrong, more often than this."""
_PRIOR: Final = log(19)
"""A reference is right nineteen times in twenty before any model has spoken."""
_SIGN: Final = log(9)
"""What each other sign adds: odds of nine to one."""
_FEWEST: Final = 2
"""Models that agree."""

REASONS = {
    "models_agree_on_another_answer": pl.col("agreement") > 0,
    "judge_found_no_error": pl.col("n_no_error_found") > 0,
    "reference_varies": pl.col("n_references") > 1,
    "reference_is_missing": pl.col("is_missing"),
}
"""The signs, by their name in ``reasons``."""

_HAS_ANSWERED = ~pl.col("is_failed") | pl.col("answer").is_not_null()
_ORDER = (
    # Sums of the same terms in another order are the same suspicion.
    -pl.col("suspicion").round(9),
    -pl.col("n_models_agreeing"),
    -pl.col("n_models_agreeing") / pl.col("n_models_answering"),
    pl.col("n_models_correct"),
    -pl.col("n_no_error_found"),
    # Who can name what is wrong with an output speaks for the reference that it missed.
    pl.col("n_errors_named"),
)
"""The most suspect first; what comes later breaks ties of what comes before."""


def suspect_gold(predictions: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``suspect_gold``: the examples with a sign, the most suspect of a dataset first.

    Args:
        predictions: one row per prediction: dataset, example_id, model, is_failed, correct_answer,
            answer (stated by a failed output, else null), n_options (null where there are none),
            is_no_error_found and is_error_named (by the judge, of a failure).
        verdicts: rows of people: dataset, example_id, verdict and note; one per example.
    """
    answered = predictions.sort(*_EXAMPLE, "model", "answer")
    examples = answered.group_by(_EXAMPLE, maintain_order=True).agg(
        n_models=pl.col("model").n_unique().cast(pl.Int64),
        n_models_correct=pl.col("model").filter(~pl.col("is_failed")).n_unique().cast(pl.Int64),
        n_no_error_found=pl.sum("is_no_error_found").cast(pl.Int64),
        n_errors_named=pl.sum("is_error_named").cast(pl.Int64),
        n_models_answering=pl.col("model").filter(_HAS_ANSWERED).n_unique().cast(pl.Int64),
        n_references=pl.col("correct_answer").drop_nulls().n_unique().cast(pl.Int64),
        correct_answer=pl.col("correct_answer").drop_nulls().sort().first(),
    )
    has_none = pl.col("n_references") == 0
    # A dataset whose examples have no references at all is not short of one.
    missing = has_none & (has_none.mean().over("dataset") < 0.5)  # noqa: PLR2004 - most have one
    signs = (
        examples.join(_agreement(answered), on=_EXAMPLE, how="left", maintain_order="left")
        .with_columns(
            pl.col("agreement").fill_null(0.0),
            pl.col("n_models_agreeing").fill_null(0),
            is_missing=missing,
        )
        .with_columns(
            reasons=pl.concat_list(
                pl.when(sign).then(pl.lit([name])).otherwise(pl.lit([], pl.List(pl.String)))
                for name, sign in REASONS.items()
            ),
            suspicion=pl.col("agreement")
            + _SIGN
            * (pl.col("n_no_error_found") + (pl.col("n_references") > 1) + pl.col("is_missing")),
        )
        .filter(pl.col("reasons").list.len() > 0)
        .sort("dataset", *_ORDER, "example_id")
        .with_columns(rank=pl.int_range(1, pl.len() + 1).over("dataset"))
    )
    schema = polars_schema("suspect_gold")
    judged = signs.join(verdicts, on=_EXAMPLE, how="left", maintain_order="left")
    return judged.select(schema.names()).cast(schema)


def _agreement(predictions: pl.DataFrame) -> pl.DataFrame:
    """Per example the answer that speaks most against the reference, and by how much.

    Only where at least two models give it and they outweigh the models that are right.
    """
    right = (1 - pl.col("is_failed").mean()).over("dataset", "model").clip(1 - _SURE, _SURE)
    options = pl.col("n_options").fill_null(_OPEN_ANSWERS)
    # One voice per model, however many trials it had.
    voices = predictions.with_columns(voice=(right * (options - 1) / (1 - right)).log()).unique(
        [*_EXAMPLE, "model", "is_failed", "answer"], maintain_order=True
    )
    correct = (
        voices.filter(~pl.col("is_failed"))
        .group_by(_EXAMPLE, maintain_order=True)
        .agg(against=pl.sum("voice"))
    )
    return (
        voices.filter("is_failed", pl.col("answer").is_not_null())
        .group_by([*_EXAMPLE, "answer"], maintain_order=True)
        .agg(pl.sum("voice"), n_models_agreeing=pl.len().cast(pl.Int64))
        .join(correct, on=_EXAMPLE, how="left", maintain_order="left")
        .with_columns(agreement=pl.col("voice") - pl.col("against").fill_null(0.0) - _PRIOR)
        .filter(pl.col("n_models_agreeing") >= _FEWEST, pl.col("agreement") > 0)
        .sort([*_EXAMPLE, "agreement", "answer"], descending=[False, False, True, False])
        .unique(_EXAMPLE, keep="first", maintain_order=True)
        .select(*_EXAMPLE, "agreement", "n_models_agreeing", other_answer="answer")
    )


def gold_noise(predictions: pl.DataFrame, suspects: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``gold_noise``: per dataset how much of the gold is suspect, and wrong by verdicts.

    Args:
        predictions: as of ``suspect_gold``.
        suspects: rows of ``suspect_gold``.
    """
    n_wrong = (pl.col("verdict") == "wrong").sum().cast(pl.Int64)
    counted = suspects.group_by("dataset").agg(
        n_suspects=pl.len().cast(pl.Int64),
        n_reviewed=pl.col("verdict").is_in(["wrong", "right"]).sum().cast(pl.Int64),
        n_wrong=n_wrong,
    )
    counts = ["n_suspects", "n_reviewed", "n_wrong"]
    rows = (
        predictions.group_by("dataset")
        .agg(n_examples=pl.col("example_id").n_unique().cast(pl.Int64))
        .join(counted, on="dataset", how="left")
        .with_columns(pl.col(counts).fill_null(0))
        .sort("dataset")
    )
    suspected = _interval(rows["n_suspects"] / rows["n_examples"], rows["n_examples"])
    reviewed = rows["n_reviewed"].clip(1)
    found = _interval(rows["n_wrong"] / reviewed, reviewed)
    seen = pl.when(pl.col("n_reviewed") > 0)
    part = pl.col("suspect_share")
    names = ("share", "share_low", "share_high")
    told = rows.with_columns(
        *(values.alias(f"suspect_{name}") for values, name in zip(suspected, names, strict=True)),
        *(values.alias(f"noise_{name}") for values, name in zip(found, names, strict=True)),
    ).with_columns(seen.then(pl.col(f"noise_{name}") * part) for name in names)
    schema = polars_schema("gold_noise")
    return told.select(schema.names()).cast(schema)


def _interval(share: pl.Series, n: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series]:
    low, high = wilson_interval(share.to_numpy(), n.cast(pl.Float64).to_numpy())
    return share, pl.Series(low), pl.Series(high)


def gold_scores(predictions: pl.DataFrame, suspects: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``gold_scores``: each model's success with and without suspect and wrong gold.

    Args:
        predictions: as of ``suspect_gold``.
        suspects: rows of ``suspect_gold``.
    """
    marked = predictions.join(
        suspects.select(*_EXAMPLE, "verdict", is_suspect=pl.lit(value=True)),
        on=_EXAMPLE,
        how="left",
    ).with_columns(
        pl.col("is_suspect").fill_null(value=False),
        is_wrong=pl.col("verdict").eq_missing(pl.lit("wrong")),
    )
    succeeded = ~pl.col("is_failed")
    kinds = {"without_suspects": ~pl.col("is_suspect"), "without_wrong": ~pl.col("is_wrong")}
    rows = marked.group_by("dataset", "model").agg(
        n_predictions=pl.len().cast(pl.Int64),
        success_rate=succeeded.mean(),
        **{f"n_{name}": kept.sum().cast(pl.Int64) for name, kept in kinds.items()},
        **{f"success_rate_{name}": succeeded.filter(kept).mean() for name, kept in kinds.items()},
    )
    ranked = rows.with_columns(
        _rank(name).alias(name.replace("success_rate", "rank"))
        for name in ("success_rate", *(f"success_rate_{kind}" for kind in kinds))
    )
    schema = polars_schema("gold_scores")
    return ranked.select(schema.names()).cast(schema).sort("dataset", "model")


def _rank(column: str) -> pl.Expr:
    return pl.col(column).rank("min", descending=True).over("dataset").cast(pl.Int64)


def empty_verdicts() -> pl.DataFrame:
    """No verdicts."""
    return pl.DataFrame(schema=dict.fromkeys([*_EXAMPLE, "verdict", "note"], pl.String))
