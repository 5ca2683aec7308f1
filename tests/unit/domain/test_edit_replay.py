"""Each edit does what it says, stands where it is done, and otherwise says what to do."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from errormap_dagster.domain.edit_replay import replay
from errormap_dagster.domain.edits import Edit, EditKind, EditOutcome, Part
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import named_paths
from errormap_dagster.domain.taxonomy_changes import apply_changes, changes_between


def category(key: str, parent: str | None = None, depth: int = 1) -> Category:
    return Category(key, parent, depth, key.upper(), f"all {key}", "e", "c", 1, "induced")


TREE = [category("a"), category("b"), category("c"), category("b1", "b", 2)]


def edit(kind: str, *categories: str, **more: Any) -> Edit:
    return Edit(1, EditKind(kind), categories, "Ada", "as told", **more)


def paths(categories: Sequence[Category]) -> list[str]:
    return sorted(named_paths(categories).values())


PART = Part("New", "what is new", "(?i)new")


@pytest.mark.parametrize(
    ("one", "expected", "change"),
    [
        (edit("merge", "A", "b", to="C"), ["C", "C > B1"], "merged"),
        (edit("merge", "A", "C", to="Both"), ["B", "B > B1", "Both"], "merged"),
        (edit("rename", "a", to="Z"), ["B", "B > B1", "C", "Z"], "renamed"),
        (edit("split", "A", parts=(PART,)), ["A", "B", "B > B1", "C", "New"], "split"),
        (edit("move", "B > B1", to="a"), ["A", "A > B1", "B", "C"], "moved"),
        (edit("move", "b1", to=None), ["A", "B", "B1", "C"], "moved"),
        (edit("forbid", "c"), ["A", "B", "B > B1"], "retired"),
        (edit("forbid", "b", to="a"), ["A", "B1", "C"], "merged"),
        (edit("reword", "a", wording={"example": "n"}), ["A", "B", "B > B1", "C"], "reworded"),
    ],
)
def test_an_edit_does_what_it_says_once(one: Edit, expected: list[str], change: str) -> None:
    done = replay(TREE, TREE, [one])
    assert paths(done.categories) == expected
    assert [result.outcome for result in done.results] == [EditOutcome.APPLIED]
    changes = changes_between(TREE, done.categories, done.claims).changes
    assert change in {entry.change_type for entry in changes}
    assert "as told (Ada, edit 1)" in {entry.reason for entry in changes}
    assert apply_changes(TREE, changes) == list(done.categories)
    again = replay(done.categories, TREE, [one])
    assert [result.outcome for result in again.results] == [EditOutcome.STANDS]
    assert again.categories == done.categories


def test_a_pinned_category_comes_back_as_it_was() -> None:
    grown = [replace(TREE[0], name="Renamed"), category("b")]
    done = replay(grown, TREE, [edit("pin", "a"), edit("pin", "B1")])
    assert paths(done.categories) == ["A", "B", "B > B1"]
    again = replay(done.categories, TREE, [edit("pin", "a"), edit("pin", "B1")])
    assert {result.outcome for result in again.results} == {EditOutcome.STANDS}


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (edit("rename", "gone", to="Z"), "no category 'gone'"),
        (edit("merge", "A", "gone", to="New"), "no category 'gone'"),
        (edit("move", "b", to="b1"), "below itself"),
        (edit("rename", "a", to="B"), "sibling has the same name"),
        (edit("rename", "a", to="Other"), "says nothing"),
        (edit("pin", "gone"), "no category 'gone'"),
        (edit("forbid", "a", to="gone"), "no category 'gone'"),
    ],
)
def test_an_edit_that_does_not_apply_says_so_and_changes_nothing(one: Edit, told: str) -> None:
    done = replay(TREE, TREE, [one, edit("rename", "c", to="Z")])
    assert told in done.failed[0].detail
    assert paths(done.categories) == ["A", "B", "B > B1", "Z"]


def test_a_name_of_two_categories_is_refused_with_their_ids() -> None:
    tree = [*TREE, replace(category("a2", "b", 2), name="A")]
    (result,) = replay(tree, tree, [edit("rename", "A", to="Z")]).failed
    assert "is 2 categories: A (a), B > A (a2). Name the id." in result.detail
