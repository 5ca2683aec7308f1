"""Two models on the same examples: what was fixed, what broke, what moved, and what is chance.

A pair is one example and trial under both models.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.outcomes import ANY_FAILURE, NOT_SAMPLED, Outcomes
from errormap_dagster.domain.pairs import (
    Difference,
    Pairs,
    adjusted_p_values,
    are_plain,
    paired_difference,
)
from errormap_dagster.domain.signature import ALL_DATASETS

_TABLES = ("model_comparisons", "category_transitions")
_STAMP = ("taxonomy", "version")


class Comparison(NamedTuple):
    """Rows of model_comparisons and of category_transitions, without taxonomy and version."""

    differences: pl.DataFrame
    transitions: pl.DataFrame


class _Joined(NamedTuple):
    """The predictions of two models on the same tries, as arrays over the pairs."""

    before: np.ndarray
    after: np.ndarray
    weight: np.ndarray
    example: np.ndarray

    def indicators(self, before: np.ndarray, after: np.ndarray, *, is_plain: bool) -> Pairs:
        """The pairs with whether an outcome is there under each model."""
        return Pairs(before, after, self.weight, self.example, is_plain)


def compare(
    outcomes: Sequence[Outcomes], model_a: str, model_b: str, *, false_discovery_rate: float
) -> Comparison:
    """Compare two models on each dataset that both were evaluated on, and on all of them.

    Args:
        outcomes: of the datasets.
        model_a: the first model, or the version before.
        model_b: the second.
        false_discovery_rate: level at which the difference of a category is significant, over the
            categories of one dataset.

    Returns:
        Sorted rows; none where the models share no example.
    """
    scopes = {
        found.dataset: joined
        for found in outcomes
        if {model_a, model_b} <= set(found.models)
        and len((joined := _joined(found, model_a, model_b)).before)
    }
    differences: list[dict[str, Any]] = []
    transitions: list[dict[str, Any]] = []
    pooled = {ALL_DATASETS: _pooled(list(scopes.values()))} if scopes else {}
    for dataset, pairs in {**scopes, **pooled}.items():
        key = {"dataset": dataset, "model_a": model_a, "model_b": model_b}
        states = outcomes[0].states
        differences += [{**key, **row} for row in _differences(pairs, states, false_discovery_rate)]
        transitions += [{**key, **row} for row in _transitions(pairs, states)]
    frames = (differences, transitions)
    return Comparison(*(_frame(*pair) for pair in zip(_TABLES, frames, strict=True)))


def _frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {name: kind for name, kind in polars_schema(table).items() if name not in _STAMP}
    key = ["dataset", *(name for name in schema if name.endswith("category_id"))]
    ordered = sorted(rows, key=lambda row: [str(row[name]) for name in key])
    return pl.DataFrame(ordered, schema=schema)


def _joined(outcomes: Outcomes, model_a: str, model_b: str) -> _Joined:
    first, second = outcomes.models.index(model_a), outcomes.models.index(model_b)
    before, after = outcomes.state[first], outcomes.state[second]
    both = (before >= 0) & (after >= 0)
    weight = outcomes.weight[first] * outcomes.weight[second]
    return _Joined(before[both], after[both], weight[both], outcomes.example[both])


def _pooled(parts: Sequence[_Joined]) -> _Joined:
    starts = np.cumsum([0, *(part.example.max() + 1 for part in parts)])
    examples = [part.example + start for part, start in zip(parts, starts, strict=False)]
    return _Joined(
        np.concatenate([part.before for part in parts]),
        np.concatenate([part.after for part in parts]),
        np.concatenate([part.weight for part in parts]),
        np.concatenate(examples),
    )


def _transitions(pairs: _Joined, states: Sequence[str]) -> Iterator[dict[str, Any]]:
    n_states = len(states)
    counts = np.bincount(pairs.before * n_states + pairs.after, minlength=n_states**2)
    for at in np.flatnonzero(counts).tolist():
        yield {
            "from_category_id": states[at // n_states],
            "to_category_id": states[at % n_states],
            "n_pairs": int(counts[at]),
            "pair_share": float(counts[at] / len(pairs.before)),
        }


def _differences(pairs: _Joined, states: Sequence[str], level: float) -> Iterator[dict[str, Any]]:
    """The row of any failure, then one per state in which at least one of the pairs is."""
    everything = pairs._replace(weight=np.ones(len(pairs.before)))
    yield {**_rows(everything, [None], level)[0], "category_id": ANY_FAILURE, "n_not_read": 0}
    known = _read(pairs, states)
    present = sorted({*known.before.tolist(), *known.after.tolist()} - {0})
    rows = _rows(known, present, level)
    adjusted = adjusted_p_values(np.array([row["p_value"] for row in rows]))
    for number, row, q_value in zip(present, rows, adjusted, strict=True):
        yield {
            **row,
            "category_id": states[number],
            "n_not_read": len(pairs.before) - len(known.before),
            "q_value": float(q_value),
            "is_significant": bool(q_value <= level),
        }


def _read(pairs: _Joined, states: Sequence[str]) -> _Joined:
    """The pairs of which every failure was read; their weights speak for the others."""
    if NOT_SAMPLED not in states:
        return pairs
    unread = states.index(NOT_SAMPLED)
    is_read = (pairs.before != unread) & (pairs.after != unread)
    return _Joined(*(column[is_read] for column in pairs))


def _rows(pairs: _Joined, numbers: Sequence[int | None], level: float) -> list[dict[str, Any]]:
    """One row per state; None is any failure."""
    is_plain = are_plain(pairs.weight, pairs.example)
    rows: list[dict[str, Any]] = []
    for number in numbers:
        sides = (pairs.before, pairs.after)
        before, after = (side != 0 if number is None else side == number for side in sides)
        found = paired_difference(pairs.indicators(before, after, is_plain=is_plain))
        rows.append({**_counts(pairs, before, after), **_told(found, level)})
    return rows


def _counts(pairs: _Joined, before: np.ndarray, after: np.ndarray) -> dict[str, int]:
    failed_before, failed_after = pairs.before != 0, pairs.after != 0
    is_same = pairs.before == pairs.after
    masks = {
        "n_a": before,
        "n_b": after,
        "n_fixed": before & ~failed_after,
        "n_broken": ~failed_before & after,
        "n_moved_out": before & failed_after & ~is_same,
        "n_moved_in": failed_before & after & ~is_same,
        "n_unchanged": before & after & is_same,
    }
    counted = {name: int(np.count_nonzero(mask)) for name, mask in masks.items()}
    return {"n_pairs": len(before), **counted}


def _told(found: Difference, level: float) -> dict[str, Any]:
    return {
        "rate_a": found.rate_before,
        "rate_b": found.rate_after,
        "rate_difference": found.rate_after - found.rate_before,
        "rate_difference_low": found.low,
        "rate_difference_high": found.high,
        "detectable_difference": found.detectable,
        "n_effective": found.n_effective,
        "test": found.test,
        "p_value": found.p_value,
        "q_value": found.p_value,
        "is_significant": found.p_value <= level,
    }


def regressions(
    differences: pl.DataFrame, max_regression: float, *, is_any_alone: bool = True
) -> pl.DataFrame:
    """The rows of ``model_comparisons`` in which the second model is worse than is allowed.

    Args:
        differences: rows of ``model_comparisons``.
        max_regression: by so much a rate may rise, 0 to 1.
        is_any_alone: whether only the rate of all failures counts, or that of each category too.

    Returns:
        Significant rises above the limit, the largest first.
    """
    is_worse = pl.col("is_significant") & (pl.col("rate_difference") > max_regression)
    counted = pl.col("category_id") == ANY_FAILURE if is_any_alone else pl.lit(value=True)
    return differences.filter(is_worse, counted).sort(
        "rate_difference", descending=True, maintain_order=True
    )
