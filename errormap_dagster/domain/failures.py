"""Which predictions failed: one absolute rule per dataset, whatever other models did.

A success threshold is the setting of the dataset, else a published one, else 1 where higher is
better and 0 where lower is better. A dataset whose scores reach beyond what that default can mean
(above 1) gets no silent default: it is an error that asks for the setting, since 1 on a scale of
0 to 100 would let nearly every failure pass for a success.
"""

import re
from dataclasses import dataclass

import polars as pl

from errormap_dagster.errors import SettingsError

PUBLISHED_THRESHOLDS = {
    "mmlupro": 1.0,
    "gpqa": 1.0,
    "omnimath": 0.5,
    "medhelm": 3.5,
    "medec": 0.7,
}
"""Success thresholds of the paper (arXiv 2601.15812), by the start of the dataset's name without
signs; longer names first where one begins with another."""


@dataclass(frozen=True, slots=True)
class FailureRule:
    """When a score is a failure."""

    threshold: float
    higher_is_better: bool

    def failed(self) -> pl.Expr:
        """True where ``score`` misses the threshold; reaching it is a success."""
        score = pl.col("score")
        return score < self.threshold if self.higher_is_better else score > self.threshold


def published_threshold(dataset: str) -> float | None:
    """The threshold that was published for a dataset, found by its name, else None."""
    plain = re.sub(r"[^a-z0-9]", "", dataset.lower())
    for start, threshold in PUBLISHED_THRESHOLDS.items():
        # MEDEC is part of MedHELM and has a threshold of its own.
        if plain.startswith(start):
            return threshold
    return None


def _direction(predictions: pl.DataFrame, dataset: str, *, chosen: bool | None) -> bool:
    if chosen is not None:
        return chosen
    stated = predictions["higher_is_better"].drop_nulls().unique()
    if stated.len() > 1:
        raise SettingsError(
            f"Dataset {dataset!r}: its files state both directions of the metric. Write "
            f"datasets.{dataset}.higher_is_better in errormap.yaml."
        )
    return bool(stated[0]) if stated.len() else True


def failure_rule(
    dataset: str,
    predictions: pl.DataFrame,
    *,
    threshold: float | None = None,
    higher_is_better: bool | None = None,
) -> FailureRule:
    """The rule for one evaluation.

    Args:
        dataset: name of the dataset.
        predictions: columns score and higher_is_better (null where the file does not say).
        threshold: the setting, None when there is none.
        higher_is_better: the setting, None when there is none.

    Raises:
        SettingsError: no threshold is known and the scores do not lie between 0 and 1.
    """
    direction = _direction(predictions, dataset, chosen=higher_is_better)
    known = threshold if threshold is not None else published_threshold(dataset)
    if known is not None:
        return FailureRule(known, direction)
    beyond = predictions.filter(~pl.col("score").is_between(0, 1))["score"]
    if direction and beyond.len():
        raise SettingsError(
            f"Dataset {dataset!r} has scores outside of 0 to 1 (such as {beyond[0]:g}), so 1 "
            f"cannot be its success threshold. Write datasets.{dataset}.threshold in errormap.yaml."
        )
    return FailureRule(1.0 if direction else 0.0, direction)


def find_failures(predictions: pl.DataFrame, rule: FailureRule) -> pl.DataFrame:
    """The failed predictions, with the rule that was applied, sorted by prediction_id.

    Args:
        predictions: at least prediction_id, dataset, model, example_id, trial, score and metric.
        rule: of their evaluation.

    Returns:
        Those columns and threshold, higher_is_better.
    """
    columns = ["prediction_id", "dataset", "model", "example_id", "trial", "score", "metric"]
    return (
        predictions.lazy()
        .filter(rule.failed())
        .select(columns)
        .with_columns(
            threshold=pl.lit(rule.threshold, pl.Float64),
            higher_is_better=pl.lit(rule.higher_is_better),
        )
        .sort("prediction_id")
        .collect()
    )
