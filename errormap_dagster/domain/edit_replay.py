"""Replays a person's edits on whatever was grown.

Each edit names categories by id, by name or by path. One that finds what it asks for done already
stands; one that cannot be done says why and what to do, and changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from errormap_dagster.domain.edits import Edit, EditKind, EditOutcome, EditResult, Replay
from errormap_dagster.domain.growth import ChangeClaim, ChangeType
from errormap_dagster.domain.identity import content_id
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import (
    PATH_JOINT,
    TaxonomyError,
    named_paths,
    validate_categories,
)
from errormap_dagster.domain.taxonomy_changes import tree_of

USER: Final = "user"
"""Origin, and start of the ids, of categories that people wrote."""
_KEEP_AS_BEFORE = ("name", "description", "example", "counter_example", "parent_category_id")


class _DoesNotApplyError(Exception):
    """The edit asks for something that is not there."""


class _Tree:
    """Categories by id, as they change."""

    def __init__(self, categories: Sequence[Category]) -> None:
        self.said: dict[str, dict[str, Any]] = {}
        for category in categories:
            values = asdict(category)
            del values["category_id"], values["depth"]
            self.said[category.category_id] = values

    @property
    def categories(self) -> tuple[Category, ...]:
        """As a flat list, parents before children."""
        return tuple(tree_of(self.said))

    def whole(self) -> tuple[Category, ...]:
        """The same, when they are a usable tree."""
        placed = self.categories
        if len(placed) != len(self.said):
            raise _DoesNotApplyError("a category would lie below itself.")
        validate_categories(placed)
        return placed

    def find(self, wanted: str) -> str | None:
        """The id of a category; None when there is none."""
        if wanted in self.said:
            return wanted
        paths = named_paths(self.categories)
        found = [i for i, said in self.said.items() if wanted in (said["name"], paths.get(i))]
        if len(found) > 1:
            told = ", ".join(f"{paths[i]} ({i})" for i in sorted(found))
            raise _DoesNotApplyError(f"{wanted!r} is {len(found)} categories: {told}. Name the id.")
        return found[0] if found else None

    def need(self, wanted: str) -> str:
        """The id of a category that must be there."""
        found = self.find(wanted)
        if found is None:
            raise _DoesNotApplyError(
                f"there is no category {wanted!r}. Take the edit out of the file, or name a "
                "category that `errormap taxonomy show` lists."
            )
        return found

    def add(self, values: Mapping[str, Any]) -> str:
        """A category of a person's; its id follows from its name and its place."""
        parent, name = values["parent_category_id"], values["name"]
        key = f"{USER}.{content_id(parent, name, length=12)}"
        blank = {"example": "", "counter_example": "", "rule": None, "listed_prediction_ids": ()}
        self.said[key] = {**blank, "priority": 1, "origin": USER, **values}
        return key

    def take_out(self, category_id: str, heir: str | None) -> None:
        """Remove a category; those below it go to the heir."""
        del self.said[category_id]
        for said in self.said.values():
            if said["parent_category_id"] == category_id:
                said["parent_category_id"] = heir


_Claims = list[ChangeClaim]


def _merge(tree: _Tree, _: _Tree, edit: Edit) -> _Claims:
    target = tree.find(edit.to or "")
    sources = [i for i in map(tree.find, edit.categories) if i is not None and i != target]
    if not sources and target is not None:
        return []
    if target is None:
        sources = [tree.need(wanted) for wanted in edit.categories]
        parent = tree.said[sources[0]]["parent_category_id"]
        told = [tree.said[i]["description"] for i in sources]
        made = {"parent_category_id": parent, "name": edit.to, "description": " ".join(told)}
        target = tree.add({**made, **edit.wording})
    for source in sources:
        if tree.said[target]["parent_category_id"] == source:
            tree.said[target]["parent_category_id"] = tree.said[source]["parent_category_id"]
        tree.take_out(source, target)
    return [ChangeClaim(ChangeType.MERGED, tuple(sources), (target,), edit.told)]


def _rename(tree: _Tree, _: _Tree, edit: Edit) -> _Claims:
    new = edit.to or ""
    found = tree.find(edit.categories[0])
    if found is None and tree.find(new) is not None:
        return []
    found = tree.need(edit.categories[0])
    if tree.said[found]["name"] == new:
        return []
    tree.said[found]["name"] = new
    return [ChangeClaim(ChangeType.RENAMED, (found,), (found,), edit.told)]


def _split(tree: _Tree, _: _Tree, edit: Edit) -> _Claims:
    found = tree.need(edit.categories[0])
    parent = tree.said[found]["parent_category_id"]
    made: list[str] = []
    for part in edit.parts:
        values = {
            "parent_category_id": parent,
            "name": part.name,
            "description": part.description,
            "rule": part.rule,
            "listed_prediction_ids": part.prediction_ids,
        }
        key = f"{USER}.{content_id(parent, part.name, length=12)}"
        if any(tree.said.get(key, {}).get(name) != value for name, value in values.items()):
            made.append(tree.add(values))
    return [ChangeClaim(ChangeType.SPLIT, (found,), (found, *made), edit.told)] if made else []


def _move(tree: _Tree, _: _Tree, edit: Edit) -> _Claims:
    wanted = edit.categories[0]
    # Where it is moved already, its path has changed and its name has not.
    found = tree.find(wanted) or tree.need(wanted.rsplit(PATH_JOINT, 1)[-1])
    above = tree.need(edit.to) if edit.to is not None else None
    if tree.said[found]["parent_category_id"] == above:
        return []
    tree.said[found]["parent_category_id"] = above
    return [ChangeClaim(ChangeType.MOVED, (found,), (found,), edit.told)]


def _pin(tree: _Tree, base: _Tree, edit: Edit) -> _Claims:
    kept = base.find(edit.categories[0])
    if kept is None:
        tree.need(edit.categories[0])
        return []
    before = base.said[kept]
    is_there = kept in tree.said
    here = tree.said.setdefault(kept, dict(before))
    wanted = {name: before[name] for name in _KEEP_AS_BEFORE}
    if wanted["parent_category_id"] not in tree.said:
        wanted["parent_category_id"] = None
    if is_there and all(here[name] == value for name, value in wanted.items()):
        return []
    here.update(wanted)
    return [ChangeClaim(ChangeType.REWORDED, (kept,), (kept,), edit.told)]


def _forbid(tree: _Tree, _: _Tree, edit: Edit) -> _Claims:
    found = tree.find(edit.categories[0])
    if found is None:
        return []
    heir = tree.need(edit.to) if edit.to is not None else None
    tree.take_out(found, tree.said[found]["parent_category_id"])
    if heir is None:
        return [ChangeClaim(ChangeType.RETIRED, (found,), (), edit.told)]
    return [ChangeClaim(ChangeType.MERGED, (found,), (heir,), edit.told)]


def _reword(tree: _Tree, _: _Tree, edit: Edit) -> _Claims:
    found = tree.need(edit.categories[0])
    if tree.said[found].items() >= edit.wording.items():
        return []
    tree.said[found].update(edit.wording)
    return [ChangeClaim(ChangeType.REWORDED, (found,), (found,), edit.told)]


_ACTS: Mapping[EditKind, Callable[[_Tree, _Tree, Edit], _Claims]] = {
    EditKind.MERGE: _merge,
    EditKind.RENAME: _rename,
    EditKind.SPLIT: _split,
    EditKind.MOVE: _move,
    EditKind.PIN: _pin,
    EditKind.FORBID: _forbid,
    EditKind.REWORD: _reword,
}


def replay(
    categories: Sequence[Category], base: Sequence[Category], edits: Sequence[Edit]
) -> Replay:
    """Make the edits, one after the other; one that does not apply leaves the tree as it was.

    Args:
        categories: the tree as it was grown.
        base: the version that it was grown on; a pinned category comes back from there.
        edits: in their order.
    """
    now, before = tuple(categories), _Tree(base)
    claims: list[ChangeClaim] = []
    results: list[EditResult] = []
    for edit in edits:
        tree = _Tree(now)
        try:
            said = _ACTS[edit.kind](tree, before, edit)
            after = tree.whole()
        except (_DoesNotApplyError, TaxonomyError) as error:
            results.append(EditResult(edit, EditOutcome.DOES_NOT_APPLY, str(error)))
            continue
        outcome = EditOutcome.APPLIED if said else EditOutcome.STANDS
        results.append(EditResult(edit, outcome, "; ".join(edit.categories)))
        claims += said
        now = after if said else now
    return Replay(now, tuple(claims), tuple(results))
