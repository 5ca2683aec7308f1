"""Whether a taxonomy comes again when it is grown again: categories matched by shared errors.

At each depth the categories of the version and those of a repetition are matched one to one so
that the sum of their Jaccard indices is largest, whatever they are called. The adjusted Rand index
compares the two ways of dividing the errors as a whole.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.identity import hash_fraction
from errormap_dagster.domain.records import Category, JudgedError
from errormap_dagster.domain.taxonomy import category_paths


class Placing(NamedTuple):
    """Errors in the categories of a taxonomy: prediction_id to category_id, None for none."""

    categories: Sequence[Category]
    places: Mapping[str, str | None]


def resampled(errors: Sequence[JudgedError], share: float, seed: int) -> list[JudgedError]:
    """A seeded share of errors in a seeded order."""
    draws = {error.prediction_id: hash_fraction(seed, error.prediction_id) for error in errors}
    drawn = sorted(errors, key=lambda error: draws[error.prediction_id])
    return drawn[: max(1, round(share * len(errors)))]


def stability_rows(
    taxonomy: str, version: int, repetition: int, stands: Placing, again: Placing
) -> pl.DataFrame:
    """Rows of ``taxonomy_stability`` for one repetition, over the errors that both placed.

    Args:
        taxonomy: its name.
        version: the version that stands.
        repetition: from 1.
        stands: the version's own placing.
        again: that of the taxonomy that was grown again.
    """
    common = sorted(stands.places.keys() & again.places.keys())
    here, there = _Tree(stands, common), _Tree(again, common)
    rows: list[dict[str, object]] = []
    for depth in sorted({category.depth for category in stands.categories}):
        rand = adjusted_rand(here.labels(depth), there.labels(depth))
        matches = _matched(here.members(depth), there.members(depth))
        for category in (c for c in stands.categories if c.depth == depth):
            own = here.members(depth)[category.category_id]
            other = matches.get(category.category_id)
            theirs = there.members(depth)[other] if other else set[str]()
            either = len(own | theirs)
            rows.append(
                {
                    "taxonomy": taxonomy,
                    "version": version,
                    "category_id": category.category_id,
                    "repetition": repetition,
                    "n_errors": len(own),
                    "matched_name": there.names[other] if other else None,
                    "n_matched": len(theirs),
                    "n_shared": len(own & theirs),
                    "jaccard": len(own & theirs) / either if own else None,
                    "adjusted_rand": rand,
                }
            )
    return pl.DataFrame(rows, schema=polars_schema("taxonomy_stability"))


class _Tree:
    """A placing, seen at each depth of its tree."""

    def __init__(self, placing: Placing, errors: Sequence[str]) -> None:
        self.names = {category.category_id: category.name for category in placing.categories}
        self._by_depth = defaultdict[int, list[str]](list)
        for category in placing.categories:
            self._by_depth[category.depth].append(category.category_id)
        self._paths = category_paths(placing.categories)
        self._places = {error: placing.places[error] for error in errors}

    def labels(self, depth: int) -> list[str | None]:
        """For each error the category of a depth, or its own where the tree ends above."""
        return [
            self._paths[place][:depth][-1] if place else None for place in self._places.values()
        ]

    def members(self, depth: int) -> dict[str, set[str]]:
        """For each category of a depth the errors in it or below it."""
        found: dict[str, set[str]] = {category_id: set() for category_id in self._by_depth[depth]}
        for (error, place), label in zip(self._places.items(), self.labels(depth), strict=True):
            if place and label in found:
                found[label].add(error)
        return found


def _matched(own: Mapping[str, set[str]], others: Mapping[str, set[str]]) -> dict[str, str]:
    """One to one, so that the sum of the Jaccard indices is largest; only what shares errors."""
    from scipy.optimize import (  # noqa: PLC0415 - seconds of import, used here alone
        linear_sum_assignment,
    )

    rows, columns = sorted(own), sorted(others)
    jaccard = np.zeros((len(rows), len(columns)))
    for place, row in enumerate(rows):
        for other, column in enumerate(columns):
            either = len(own[row] | others[column])
            jaccard[place, other] = len(own[row] & others[column]) / either if either else 0.0
    chosen = zip(*linear_sum_assignment(jaccard, maximize=True), strict=True)
    return {rows[r]: columns[c] for r, c in chosen if jaccard[r, c] > 0}


def adjusted_rand(one: Sequence[str | None], other: Sequence[str | None]) -> float:
    """The adjusted Rand index of two ways of dividing the same things, at most 1 (Hubert 1985).

    Counted here in whole numbers, so that the order of the things cannot move the last digit.
    """

    def pairs(counts: Counter[object]) -> int:
        return sum(n * (n - 1) // 2 for n in counts.values())

    both = pairs(Counter(zip(one, other, strict=True)))
    first, second = pairs(Counter(one)), pairs(Counter(other))
    whole = len(one) * (len(one) - 1) // 2
    if whole == 0:
        return 1.0
    expected = first * second / whole
    most = (first + second) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)
