"""A person's edits of a grown taxonomy, and what became of each; ``edit_replay`` makes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from errormap_dagster.domain.growth import ChangeClaim
from errormap_dagster.domain.records import Category


class EditKind(StrEnum):
    """What a person can do to a taxonomy."""

    MERGE = "merge"
    RENAME = "rename"
    SPLIT = "split"
    MOVE = "move"
    PIN = "pin"
    FORBID = "forbid"
    REWORD = "reword"


@dataclass(frozen=True, slots=True)
class Part:
    """A category that a split makes; it holds what its rule finds or its list names."""

    name: str
    description: str
    rule: str | None = None
    prediction_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit.

    Attributes:
        number: place in the file, from 1.
        kind: what is done.
        categories: to which; ids, names or paths.
        author: who says so.
        reason: why.
        to: the new name (rename), or the category that takes them in (merge, move, forbid).
        parts: what a split makes.
        wording: what a rewording says, by column.
    """

    number: int
    kind: EditKind
    categories: tuple[str, ...]
    author: str
    reason: str
    to: str | None = None
    parts: tuple[Part, ...] = ()
    wording: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """The reason as it stands in a change."""
        return f"{self.reason} ({self.author}, edit {self.number})"


class EditOutcome(StrEnum):
    """What became of an edit."""

    APPLIED = "applied"
    STANDS = "stands"
    DOES_NOT_APPLY = "does_not_apply"


@dataclass(frozen=True, slots=True)
class EditResult:
    """What became of one edit, and if it does not apply, why and what to do."""

    edit: Edit
    outcome: EditOutcome
    detail: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A taxonomy after the edits, the changes that they claim, and what became of each."""

    categories: tuple[Category, ...]
    claims: tuple[ChangeClaim, ...]
    results: tuple[EditResult, ...]

    @property
    def failed(self) -> list[EditResult]:
        """The edits that no longer apply."""
        return [r for r in self.results if r.outcome is EditOutcome.DOES_NOT_APPLY]
