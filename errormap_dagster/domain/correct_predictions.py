"""Informative correct predictions: correct outputs of other models, as evidence for the judge.

Picked per example, once: a later model adds picks only where places are still free, and never
changes or removes one. A pick goes when its prediction does, or is correct no longer: its file was
corrected, or the threshold changed. The picks of an example come from distinct models as far as
possible. A model that failed one trial and passed another is not shown its own pick.
"""

import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.identity import hash_fraction

_EXAMPLE = ["dataset", "example_id"]
_SHORTEST_REASONING = 15
"""Characters below which a correct output can only be a bare answer."""
_TABLE = "informative_correct_predictions"


def pick_correct_predictions(
    correct: pl.DataFrame, kept: pl.DataFrame, *, k: int, seed: int
) -> pl.DataFrame:
    """Pick outputs for each example, after those that were picked before.

    Blank outputs and outputs without a letter or digit are passed over, as are repetitions of the
    same text up to letter case and white space. Outputs with reasoning come before bare answers;
    then distinct models, then the seeded hash of the prediction_id decide.

    Args:
        correct: successes with prediction_id, dataset, model, example_id, output_text and
            correct_answer.
        kept: rows of ``informative_correct_predictions`` that stand already.
        k: picks that one example holds at most.
        seed: of the hash.

    Returns:
        All rows of ``informative_correct_predictions``, sorted by example and rank.
    """
    standing = _still_correct(kept, correct)
    taken = standing.with_columns(text=_normalised("output_text"))
    candidates = _ordered(_informative(correct), seed).join(
        taken, on=[*_EXAMPLE, "text"], how="anti"
    )
    n_taken = taken.group_by(_EXAMPLE).len("n_taken")
    new = (
        candidates.join(n_taken, on=_EXAMPLE, how="left")
        .with_columns(n_taken=pl.col("n_taken").fill_null(0).cast(pl.Int64))
        .with_columns(rank=pl.col("n_taken") + pl.int_range(1, pl.len() + 1).over(_EXAMPLE))
        .filter(pl.col("rank") <= k)
    )
    columns = polars_schema(_TABLE).names()
    return pl.concat([standing.select(columns), new.select(columns)]).sort([*_EXAMPLE, "rank"])


def _still_correct(kept: pl.DataFrame, correct: pl.DataFrame) -> pl.DataFrame:
    """The earlier picks that are correct predictions to this day, ranks closed up."""
    return (
        kept.join(correct, on="prediction_id", how="semi")
        .sort([*_EXAMPLE, "rank"])
        .with_columns(rank=pl.int_range(1, pl.len() + 1).over(_EXAMPLE))
    )


def _normalised(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all(r"\s+", " ").str.strip_chars().str.to_lowercase()


def _informative(correct: pl.DataFrame) -> pl.DataFrame:
    text = pl.col("output_text")
    bare = pl.col("text").str.len_chars() < _SHORTEST_REASONING
    is_answer = pl.col("text").eq_missing(_normalised("correct_answer"))
    return (
        correct.filter(text.is_not_null() & text.str.contains(r"[\p{L}\p{N}]"))
        .with_columns(text=_normalised("output_text"))
        .with_columns(is_bare=bare | is_answer)
    )


def _ordered(candidates: pl.DataFrame, seed: int) -> pl.DataFrame:
    """One candidate per text, in the order in which they are to be picked."""
    draws = [hash_fraction(seed, key) for key in candidates["prediction_id"]]
    drawn = candidates.with_columns(pl.Series("draw", draws, pl.Float64))
    order = ["is_bare", "draw", "prediction_id"]
    nth_of_model = pl.int_range(pl.len()).over([*_EXAMPLE, "model"])
    return (
        drawn.sort(order)
        .unique([*_EXAMPLE, "text"], keep="first", maintain_order=True)
        .with_columns(nth_of_model=nth_of_model)
        .sort(["is_bare", "nth_of_model", "draw", "prediction_id"])
    )


def correct_outputs_of_others(failures: pl.DataFrame, picks: pl.DataFrame, k: int) -> pl.DataFrame:
    """The correct outputs that each failure is shown: those of models other than its own.

    Returns:
        One row per failure that has any: prediction_id and correct_outputs, up to ``k`` texts in
        order of rank.
    """
    failed = failures.lazy().select("prediction_id", *_EXAMPLE, failed_model="model")
    return (
        failed.join(picks.lazy().drop("prediction_id"), on=_EXAMPLE)
        .filter(pl.col("model") != pl.col("failed_model"))
        .sort("prediction_id", "rank")
        .group_by("prediction_id", maintain_order=True)
        .agg(correct_outputs=pl.col("output_text").head(k))
        .collect()
    )
