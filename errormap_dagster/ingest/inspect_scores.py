"""The scores of an Inspect sample as numbers, and which of several scorers counts."""

from collections.abc import Mapping
from typing import Any

from errormap_dagster.ingest.scores import NoScore, score_of

_LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
"""Correct, partial, incorrect, no answer: what Inspect's own metrics take them for."""
_WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
_UNCHANGED = "UNCHANGED"


def metrics_of(scores: Mapping[str, Any], results: Mapping[str, Any]) -> list[str]:
    """The scorers of a log, the first of its results first; ``scorer/key`` for scores by key."""
    listed = [str(score.get("name")) for score in results.get("scores") or ()]
    ranked = [name for name in listed if name in scores]
    return [
        metric
        for name in dict.fromkeys([*ranked, *scores])
        for metric in _metrics_in(name, _value(scores[name]))
    ]


def _metrics_in(name: str, value: object) -> list[str]:
    return [f"{name}/{key}" for key in value] if isinstance(value, Mapping) else [name]


def score_in(scores: Mapping[str, Any], metric: str) -> float | NoScore:
    """The score by one metric."""
    name, _, key = metric.partition("/")
    entry = scores.get(metric, scores.get(name))
    value = _value(entry)
    if metric not in scores and isinstance(value, Mapping):
        value = value.get(key)
    return score_of(metric, _number(value))


def _value(score: object) -> Any:
    """The value of a score; of one that was edited the last edit that changed it."""
    if not isinstance(score, Mapping):
        return score
    edits = [edit.get("value", _UNCHANGED) for edit in score.get("history") or ()]
    changes = [value for value in edits if value != _UNCHANGED]
    return changes[-1] if changes else score.get("value")


def _number(value: object) -> object:
    if not isinstance(value, str):
        return value
    known = _LETTERS.get(value, _WORDS.get(value.lower()))
    if known is not None:
        return known
    try:
        return float(value)
    except ValueError:
        return value
