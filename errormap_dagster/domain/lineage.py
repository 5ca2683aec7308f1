"""From a tree of drafts to categories with ids, and to what was changed of the base.

An id stands for what a category means: it survives another name, another wording and another
place. It ends where a category is merged or split, unless a part keeps its name.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from errormap_dagster.domain.growth import (
    ChangeClaim,
    ChangeType,
    Draft,
    Growth,
    InductionStep,
    Level,
)
from errormap_dagster.domain.identity import content_id
from errormap_dagster.domain.records import Category, JudgedError

ORIGIN: Final = "induced"
_LONGEST_EXAMPLE: Final = 300
_NO_NEIGHBOUR: Final = "There is no other category at this place."


@dataclass(frozen=True, slots=True)
class _Node:
    """A draft at its place, with the id that it was given."""

    category: Category
    draft: Draft


def growth_of(top: Level, base: Sequence[Category] = ()) -> Growth:
    """The categories of a tree of drafts, what was changed of the base, and the numbered steps.

    Args:
        top: the first level of the tree.
        base: the categories that it builds on, parents before children.
    """
    planter = _Planter(top, base)
    nodes = list(planter.plant(top, None, 1))
    steps = [replace(step, number=n) for n, step in enumerate(planter.steps, start=1)]
    claims = _claims(nodes, base, dict(_lost(top))) if base else []
    return Growth(tuple(node.category for node in nodes), tuple(claims), tuple(steps))


class _Planter:
    """Gives ids to drafts, parents before children."""

    def __init__(self, top: Level, base: Sequence[Category]) -> None:
        self._base = {category.category_id: category for category in base}
        self._heirs = Counter(i for draft in _drafts(top) for i in draft.base_ids)
        self._taken: set[str] = set()
        self.steps: list[InductionStep] = []

    def plant(self, level: Level, parent: Category | None, depth: int) -> Iterator[_Node]:
        above = parent.category_id if parent else None
        self.steps += [replace(step, parent_category_id=above) for step in level.steps]
        for place, branch in enumerate(level.branches):
            draft = self._continued(branch.draft, above)
            neighbour = level.branches[place - 1]
            category = Category(
                category_id=self._id(draft, above),
                parent_category_id=above,
                depth=depth,
                name=draft.name,
                description=draft.description,
                example=_example(branch.errors),
                counter_example=_NO_NEIGHBOUR
                if neighbour is branch
                else f"Belongs in {neighbour.draft.name}: {_example(neighbour.errors)}",
                priority=place + 1,
                origin=ORIGIN,
            )
            category = self._as_it_was(category)
            yield _Node(category, draft)
            yield from self.plant(branch.below, category, depth + 1)

    def _continued(self, draft: Draft, above: str | None) -> Draft:
        """The draft; one without a base continues what had its name and has no other heir."""
        if draft.base_ids:
            return draft
        alike = [
            category
            for category in self._base.values()
            if _is_same_name(category.name, draft.name)
            and not self._heirs[category.category_id]
            and category.category_id not in self._taken
        ]
        here = [category for category in alike if category.parent_category_id == above] or alike
        return replace(draft, base_ids=(here[0].category_id,)) if len(here) == 1 else draft

    def _id(self, draft: Draft, above: str | None) -> str:
        known = [i for i in draft.base_ids if i in self._base and i not in self._taken]
        kept = [i for i in known if _is_same_name(self._base[i].name, draft.name)]
        if not kept and len(draft.base_ids) == 1:
            kept = [i for i in known if self._heirs[i] == 1]
        chosen = kept[0] if kept else self._new_id(draft.name, above)
        self._taken.add(chosen)
        return chosen

    def _new_id(self, name: str, above: str | None) -> str:
        number = 1
        while True:
            again = () if number == 1 else (number,)
            found = f"{ORIGIN}.{content_id(above, name, *again, length=12)}"
            if found not in self._taken and found not in self._base:
                return found
            number += 1

    def _as_it_was(self, category: Category) -> Category:
        """A category that says what it said keeps the rest too, examples above all."""
        before = self._base.get(category.category_id)
        told = (category.name, category.description)
        if before is None or (before.name, before.description) != told:
            return category
        return replace(
            before,
            parent_category_id=category.parent_category_id,
            depth=category.depth,
            priority=category.priority,
        )


def _is_same_name(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _drafts(level: Level) -> Iterator[Draft]:
    for branch in level.branches:
        yield branch.draft
        yield from _drafts(branch.below)


def _lost(level: Level) -> Iterator[tuple[str, str]]:
    yield from level.lost.items()
    for branch in level.branches:
        yield from _lost(branch.below)


def _claims(
    nodes: Sequence[_Node], base: Sequence[Category], lost: dict[str, str]
) -> list[ChangeClaim]:
    """What became of each category of the base, and what is new, in a fixed order."""
    before = {category.category_id: category for category in base}
    heirs: dict[str, list[_Node]] = defaultdict(list)
    for node in nodes:
        for base_id in node.draft.base_ids:
            heirs[base_id].append(node)
    found = [claim for node in nodes for claim in _claims_of(node, before, heirs)]
    for category in base:
        parts = heirs[category.category_id]
        ids = tuple(part.category.category_id for part in parts)
        here = (category.category_id,)
        if not parts:
            why = lost.get(category.category_id) or "no category of the new list continues it"
            found.append(ChangeClaim(ChangeType.RETIRED, here, (), why))
        elif len(parts) > 1:
            why = "; ".join(dict.fromkeys(_reason(part) for part in parts))
            found.append(ChangeClaim(ChangeType.SPLIT, here, ids, why))
    return found


def _claims_of(
    node: _Node, before: dict[str, Category], heirs: dict[str, list[_Node]]
) -> Iterator[ChangeClaim]:
    category, ids = node.category, node.draft.base_ids
    here = (category.category_id,)
    if not ids:
        yield ChangeClaim(ChangeType.ADDED, (), here, _reason(node))
    if len(ids) > 1:
        yield ChangeClaim(ChangeType.MERGED, ids, here, _reason(node))
    old = before.get(category.category_id)
    if old is None or (len(ids) == 1 and len(heirs[ids[0]]) > 1):
        return
    if old.name != category.name:
        yield ChangeClaim(ChangeType.RENAMED, here, here, _reason(node))
    if old.description != category.description:
        yield ChangeClaim(ChangeType.REWORDED, here, here, _reason(node))
    if old.parent_category_id != category.parent_category_id:
        yield ChangeClaim(ChangeType.MOVED, here, here, _reason(node))


def _reason(node: _Node) -> str:
    return node.draft.reason or "the judge gave no reason"


def _example(errors: Sequence[JudgedError]) -> str:
    """The shortest summary of the most frequent title: the least burdened with particulars."""
    if not errors:
        return "No error of the induction belongs here."
    counts = Counter(error.error_title for error in errors)
    title = min(counts, key=lambda name: (-counts[name], name))
    summaries = (error.error_summary for error in errors if error.error_title == title)
    summary = min(summaries, key=lambda text: (len(text), text))
    return f"{title}: {summary}"[:_LONGEST_EXAMPLE]
