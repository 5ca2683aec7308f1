"""What growing a taxonomy yields: its categories, what the judge says it changed, its steps.

While it grows, a tree is made of levels of drafts; ``lineage.py`` gives them their ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from errormap_dagster.domain.records import Category, JudgedError


class ChangeType(StrEnum):
    """How a category of one version comes from those of the version before."""

    ADDED = "added"
    RETIRED = "retired"
    RENAMED = "renamed"
    REWORDED = "reworded"
    MOVED = "moved"
    MERGED = "merged"
    SPLIT = "split"


class StepOperation(StrEnum):
    """What a step of the growing did to a list of categories."""

    GENERATE = "generate"
    UPDATE = "update"
    REVIEW = "review"
    STOP_EARLY = "stop_early"
    """Batches were left unread, since the ones before had changed nothing."""
    MERGE_SYNONYMS = "merge_synonyms"


@dataclass(frozen=True, slots=True)
class ChangeClaim:
    """What a judge says that it did to the categories it was given to build on.

    A claim, not a finding: whether the errors went where it says is for others to check.

    Attributes:
        change_type: what kind of change.
        from_category_ids: ids of the version that was built on; none for an addition.
        to_category_ids: ids of the version that was grown; none for a retirement. A part of a
            merger or of a split that keeps the name of one it comes from keeps its id too.
        reason: why, in the judge's words; never empty.
    """

    change_type: ChangeType
    from_category_ids: tuple[str, ...]
    to_category_ids: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class InductionStep:
    """One step of the growing, with the list of categories as it stood after it.

    Attributes:
        number: place among the steps of one growth, from 1.
        operation: what was done.
        parent_category_id: the category that was being divided; None at the top.
        n_titles: distinct titles that the step was shown.
        n_errors: errors that have these titles.
        categories: name and description of each category after the step, in their order.
        is_changed: whether the step left another list than the one before.
        reason: what was changed and why, or why nothing was; never empty.
        call_id: the call that answered; None where none was made.
    """

    number: int
    operation: StepOperation
    parent_category_id: str | None
    n_titles: int
    n_errors: int
    categories: tuple[tuple[str, str], ...]
    is_changed: bool
    reason: str
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Growth:
    """A taxonomy that was grown from errors.

    Attributes:
        categories: one tree as a flat list, parents before children.
        claims: what was changed of the categories that it builds on; none for a first version.
        steps: how it came about, in a fixed order.
    """

    categories: tuple[Category, ...]
    claims: tuple[ChangeClaim, ...] = ()
    steps: tuple[InductionStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A category of a list that is being made; it has no id yet.

    Attributes:
        name: not vague, and unlike the others of its list.
        description: what belongs in it.
        base_ids: the categories of the base that it continues; none for a new one.
        reason: why it is what it is, in the judge's words.
    """

    name: str
    description: str
    base_ids: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """A category of a level with its errors and with what grew below it."""

    draft: Draft
    errors: tuple[JudgedError, ...]
    below: "Level"


@dataclass(frozen=True, slots=True)
class Level:
    """The categories at one place of a tree, none where nothing was divided, and how they came.

    ``lost`` holds the reasons why categories of the base are continued no more, by id.
    """

    branches: tuple[Branch, ...] = ()
    steps: tuple[InductionStep, ...] = ()
    lost: Mapping[str, str] = field(default_factory=dict[str, str])
