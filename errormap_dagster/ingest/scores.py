"""What a harness's value of a metric says of one answer: a score, or why there is none."""

import math
from collections.abc import Iterable
from typing import NamedTuple

CORPUS_METRICS = frozenset(
    "perplexity word_perplexity byte_perplexity bits_per_byte brier_score mcc bypass".split()
)
"""Metrics of a whole data set: their value for one answer says nothing of right or wrong."""


class NoScore(NamedTuple):
    """Why a value is no score: a reason of ``quarantined_rows`` and what to do."""

    reason: str
    detail: str


def score_of(metric: str, value: object) -> float | NoScore:
    """The score, or why the value is none."""
    if metric in CORPUS_METRICS or isinstance(value, list | dict | tuple):
        return NoScore(
            "no_instance_score",
            f"metric {metric!r} is one of the whole data set and has no notion of a failed answer; "
            "name another with datasets.<dataset>.metric in errormap.yaml",
        )
    if isinstance(value, bool | int | float) and math.isfinite(value):
        return float(value)
    if value is None or isinstance(value, float):
        return NoScore(
            "unscored",
            f"the harness gave no score by {metric!r}, which is not the same as a wrong answer; "
            "score the log again, or leave it out",
        )
    return NoScore("score_not_a_number", f"{metric!r} is {value!r:.200}, which is no number")


def of_instances_first(metrics: Iterable[str]) -> list[str]:
    """Metrics in their order, those of the whole data set last."""
    return sorted(metrics, key=CORPUS_METRICS.__contains__)
