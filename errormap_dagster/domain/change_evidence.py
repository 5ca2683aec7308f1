"""What is claimed of a change, held against where the errors went.

A change agrees with the errors when more than half of those it speaks of went where it says. An
addition or a retirement disagrees when most of its errors came from, or went to, one other
category: then it looks like a part, or a merger, that nobody named.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import polars as pl

from errormap_dagster.domain.growth import ChangeType
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.row_flow import ABSENT
from errormap_dagster.domain.taxonomy import category_paths
from errormap_dagster.domain.taxonomy_changes import Change

_EXAMPLES: Final = 5


class Agreement(StrEnum):
    """Whether the errors bear out a change."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the errors say of a change.

    Attributes:
        n_errors: errors that it speaks of: those of its sources; of an addition, its own.
        n_errors_followed: of them, those that are in its targets under the version; of an
            addition or a retirement, those that share the one most frequent other place.
        example_prediction_ids: some of them, at most five.
        agreement: whether they bear it out; ``not_checked`` without errors.
        detail: the finding in words.
    """

    n_errors: int
    n_errors_followed: int
    example_prediction_ids: tuple[str, ...]
    agreement: Agreement
    detail: str


NO_EVIDENCE: Final = Evidence(0, 0, (), Agreement.NOT_CHECKED, "no error speaks of it")


@dataclass(frozen=True, slots=True)
class _Flow:
    """One pair of places; the ids are those above it in either tree, itself included."""

    came_from: frozenset[str]
    went_to: frozenset[str]
    n_errors: int
    examples: tuple[str, ...]


class EvidenceOfChanges:
    """Looks changes up in the row flow between two versions."""

    def __init__(
        self, parent: Sequence[Category], child: Sequence[Category], flow: pl.DataFrame
    ) -> None:
        """Take the flow in; errors that only one version was given say nothing of a change.

        Args:
            parent: categories of the version before.
            child: categories of the version.
            flow: from ``row_flow`` between their assignments.
        """
        above = [category_paths(parent), category_paths(child)]
        self._above = {**above[0], **above[1]}
        self._names = {c.category_id: c.name for c in (*parent, *child)}
        self._flows = [
            _Flow(
                frozenset(above[0].get(came, [came])),
                frozenset(above[1].get(went, [went])),
                n_errors,
                tuple(examples),
            )
            for came, went, n_errors, examples in flow.iter_rows()
            if ABSENT not in (came, went)
        ]

    def of(self, change: Change) -> Evidence:
        """What the errors say of one change."""
        match change.change_type:
            case ChangeType.ADDED:
                return self._of_one_end(change.to_category_ids[0], is_new=True)
            case ChangeType.RETIRED:
                return self._of_one_end(change.from_category_ids[0], is_new=False)
            case _:
                return self._of_two_ends(change)

    def _of_two_ends(self, change: Change) -> Evidence:
        sources, targets = set(change.from_category_ids), set(change.to_category_ids)
        spoken_of = [f for f in self._flows if f.came_from & sources]
        followed = [f for f in spoken_of if f.went_to & targets]
        told = _ratio(_count(followed), _count(spoken_of), "went where the change says")
        agrees = all(
            _is_most(_count(f for f in followed if i in f.came_from), n)
            for i in sorted(sources)
            if (n := _count(f for f in spoken_of if i in f.came_from))
        )
        if change.change_type is ChangeType.SPLIT:
            n_parts = sum(any(i in f.went_to for f in followed) for i in targets)
            agrees = agrees and n_parts > 1
            told = f"{told}, into {n_parts} of {len(targets)} parts"
        return _evidence(spoken_of, followed, told, agrees=agrees)

    def _of_one_end(self, category_id: str, *, is_new: bool) -> Evidence:
        """An addition or a retirement: is there one other category that shares its errors?"""
        own = [f for f in self._flows if category_id in (f.went_to if is_new else f.came_from)]
        kin = set(self._above.get(category_id, []))
        # What stands above it shares its errors by nature; a status is no category.
        others = {i for f in own for i in (f.came_from if is_new else f.went_to)} - kin
        shared = {
            i: [f for f in own if i in (f.came_from if is_new else f.went_to)]
            for i in sorted(others & self._names.keys())
        }
        nearest = max(shared, key=lambda i: (_count(shared[i]), i), default=None)
        if nearest is None:
            return _evidence(own, [], "no other category shares its errors", agrees=True)
        verb = "came from" if is_new else "went to"
        told = _ratio(_count(shared[nearest]), _count(own), f"{verb} {self._names[nearest]!r}")
        agrees = not _is_most(_count(shared[nearest]), _count(own))
        return _evidence(own, shared[nearest], told, agrees=agrees)


def _count(flows: Iterable[_Flow]) -> int:
    return sum(flow.n_errors for flow in flows)


def _is_most(part: int, whole: int) -> bool:
    return 2 * part > whole


def _ratio(part: int, whole: int, what: str) -> str:
    return f"{part} of {whole} errors {what}"


def _evidence(
    spoken_of: Sequence[_Flow], followed: Sequence[_Flow], detail: str, *, agrees: bool
) -> Evidence:
    examples = sorted(i for flow in followed or spoken_of for i in flow.examples)[:_EXAMPLES]
    n_errors = _count(spoken_of)
    if not n_errors:
        return NO_EVIDENCE
    agreement = Agreement.AGREES if agrees else Agreement.DISAGREES
    return Evidence(n_errors, _count(followed), tuple(examples), agreement, detail)
