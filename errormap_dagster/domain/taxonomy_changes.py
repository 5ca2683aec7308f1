"""What changed between two versions of a taxonomy, as rows that give the one from the other.

The difference is read off the two trees. What a judge or a person says that it did explains it
(mergers and splits, reasons) but never stands in for it: ``apply_changes`` gives the second
version from the first and the changes alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from errormap_dagster.domain.growth import ChangeClaim, ChangeType
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import category_of

_WORDING = (
    "description",
    "example",
    "counter_example",
    "priority",
    "origin",
    "rule",
    "listed_prediction_ids",
)
"""What a category says besides its name and its place."""
_ONE_BY_ONE = {
    ChangeType.RENAMED: ("name",),
    ChangeType.MOVED: ("parent_category_id",),
    ChangeType.REWORDED: _WORDING,
}
_ENDS = {ChangeType.RETIRED, ChangeType.MERGED, ChangeType.SPLIT}
_FEWEST = 2
"""A merger has at least two sources, a split at least two parts."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One change between a version and its parent.

    Attributes:
        change_type: what kind of change.
        from_category_ids: categories of the parent that it starts from, sorted.
        to_category_ids: categories of the version that it ends in, sorted.
        reason: why.
        new_values: by category id what it says from now on, without its depth.
    """

    change_type: ChangeType
    from_category_ids: tuple[str, ...]
    to_category_ids: tuple[str, ...]
    reason: str
    new_values: Mapping[str, Values] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """The changes between two versions, and the claims that nothing in them bears out."""

    changes: tuple[Change, ...]
    unfounded: tuple[ChangeClaim, ...]


def changes_between(
    parent: Sequence[Category],
    child: Sequence[Category],
    claims: Iterable[ChangeClaim] = (),
    reason: str = "no reason was given",
) -> Difference:
    """Every change from one version to the next, in a fixed order.

    A category that came or went is an addition or a retirement unless a claim of a merger or a
    split names it.

    Args:
        parent: the categories of the version before.
        child: the categories of the version.
        claims: what whoever made it says of it.
        reason: of changes that no claim explains.
    """
    before = {category.category_id: category for category in parent}
    after = {category.category_id: category for category in child}
    told = list(claims)
    joined, used = _mergers_and_splits(before, after, told)
    reasons = {
        (claim.change_type, category_id): claim.reason
        for claim in reversed(told)
        for category_id in (*claim.from_category_ids, *claim.to_category_ids)
    }
    single = _single_changes(before, after, joined, reasons, reason)
    found = {(change.change_type, i) for change in single for i in _ids_of(change)}
    unfounded = tuple(
        claim
        for claim in told
        if claim not in used
        and not any((claim.change_type, i) in found for i in _claimed_ids(claim))
    )
    return Difference((*joined, *single), unfounded)


def _ids_of(change: Change) -> tuple[str, ...]:
    return (*change.from_category_ids, *change.to_category_ids)


def _claimed_ids(claim: ChangeClaim) -> tuple[str, ...]:
    return (*claim.from_category_ids, *claim.to_category_ids)


def _mergers_and_splits(
    before: Mapping[str, Category], after: Mapping[str, Category], claims: Sequence[ChangeClaim]
) -> tuple[list[Change], list[ChangeClaim]]:
    changes: dict[tuple[object, ...], Change] = {}
    used: list[ChangeClaim] = []
    said: set[str] = set()
    for claim in claims:
        ends = _ends_of_claim(claim, before, after)
        if ends is None:
            continue
        used.append(claim)
        key = (claim.change_type, *ends)
        new = [i for i in ends[1] if i not in before and i not in said]
        said.update(new)
        values = {category_id: _values(after[category_id]) for category_id in new}
        changes.setdefault(key, Change(claim.change_type, *ends, claim.reason, values))
    return list(changes.values()), used


def _ends_of_claim(
    claim: ChangeClaim, before: Mapping[str, Category], after: Mapping[str, Category]
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The sources and targets of a merger or split as the trees bear it out; None if they do not.

    A source that stands on is a target too: it kept its id.
    """
    sources = {i for i in claim.from_category_ids if i in before}
    targets = {i for i in claim.to_category_ids if i in after}
    if claim.change_type is ChangeType.MERGED and len(targets) == 1:
        sources = {i for i in sources if i not in after} | (targets & before.keys())
        is_borne_out = len(sources) >= _FEWEST
    elif claim.change_type is ChangeType.SPLIT and len(sources) == 1:
        targets |= sources & after.keys()
        is_borne_out = len(targets) >= _FEWEST
    else:
        return None
    return (tuple(sorted(sources)), tuple(sorted(targets))) if is_borne_out else None


def _values(category: Category) -> dict[str, Any]:
    values = asdict(category)
    del values["category_id"], values["depth"]
    return values


def _single_changes(
    before: Mapping[str, Category],
    after: Mapping[str, Category],
    joined: Sequence[Change],
    reasons: Mapping[tuple[ChangeType, str], str],
    default: str,
) -> list[Change]:
    """Changes of one category each, by type and id."""
    explained = {i for change in joined for i in (*change.from_category_ids, *change.new_values)}
    changes: list[Change] = []

    def note(kind: ChangeType, ids: tuple[Sequence[str], Sequence[str]], values: Values) -> None:
        (category_id,) = {*ids[0], *ids[1]}
        why = reasons.get((kind, category_id), default)
        told = {category_id: values} if values else {}
        changes.append(Change(kind, tuple(ids[0]), tuple(ids[1]), why, told))

    for category_id in sorted(after.keys() - before.keys() - explained):
        note(ChangeType.ADDED, ((), (category_id,)), _values(after[category_id]))
    for category_id in sorted(before.keys() - after.keys() - explained):
        note(ChangeType.RETIRED, ((category_id,), ()), {})
    for kind, names in _ONE_BY_ONE.items():
        for category_id in sorted(before.keys() & after.keys()):
            old, new = _values(before[category_id]), _values(after[category_id])
            values = {name: new[name] for name in names if new[name] != old[name]}
            if values:
                note(kind, ((category_id,), (category_id,)), values)
    return changes


def apply_changes(parent: Sequence[Category], changes: Iterable[Change]) -> list[Category]:
    """The version that the changes make of its parent, parents before children."""
    stands = {category.category_id: _values(category) for category in parent}
    for change in changes:
        if change.change_type in _ENDS:
            for category_id in set(change.from_category_ids) - set(change.to_category_ids):
                stands.pop(category_id, None)
        for category_id, values in change.new_values.items():
            stands[category_id] = {**stands.get(category_id, {}), **values}
    return tree_of(stands)


def tree_of(values: Mapping[str, Values]) -> list[Category]:
    """Categories by depth, priority and id, from what each says; its place gives its depth.

    A category whose parent is missing is left out, as are those below it.
    """
    placed: list[Category] = []
    level: list[str | None] = [None]
    depth = 1
    while level:
        below = [
            category_of({**said, "category_id": category_id, "depth": depth})
            for category_id, said in values.items()
            if said["parent_category_id"] in level
        ]
        placed += sorted(below, key=lambda category: (category.priority, category.category_id))
        level = [category.category_id for category in below]
        depth += 1
    return placed
