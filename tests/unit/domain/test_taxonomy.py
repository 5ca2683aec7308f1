from datetime import UTC, datetime

import pytest

from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import (
    TaxonomyError,
    VersionOrigin,
    categories_from,
    content_hash,
    first_version,
    leaves,
    named_paths,
    validate_categories,
)


def category(name: str, parent: str | None = None, depth: int = 1, key: str = "") -> Category:
    return Category(key or name, parent, depth, name, "text", "example", "counter", 1, "induced")


TREE = [category("Top"), category("Below", "Top", 2), category("Beside")]


def test_the_same_name_under_two_parents_is_two_categories() -> None:
    tree = [
        category("One"),
        category("Two"),
        category("Same", "One", 2, key="one.same"),
        category("Same", "Two", 2, key="two.same"),
    ]
    validate_categories(tree)
    assert named_paths(tree)["one.same"] == "One > Same"
    assert named_paths(tree)["two.same"] == "Two > Same"


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ([category("A"), category("A")], "occurs twice"),
        ([category("A", "missing", 2)], "does not come before"),
        ([category("A"), category("B", "A", 3)], "depth is 3"),
        ([category("Other")], "says nothing"),
        ([category("various errors")], "says nothing"),
        ([category("A", key="1"), category("A", key="2")], "sibling has the same name"),
    ],
)
def test_what_is_no_tree_is_refused(tree: list[Category], told: str) -> None:
    with pytest.raises(TaxonomyError, match=told):
        validate_categories(tree)


def test_version_1_says_that_every_category_was_added() -> None:
    origin = VersionOrigin("embedded", 7, "grown", datetime(2026, 1, 1, tzinfo=UTC), "run")
    versions, categories, changes = first_version("induced", TREE, origin)
    assert versions.select("version", "status", "n_categories", "n_errors").rows() == [
        (1, "approved", 3, 7)
    ]
    assert set(changes["change_type"]) == {"added"}
    assert [ids[0] for ids in changes["to_category_ids"].to_list()] == ["Top", "Below", "Beside"]
    assert content_hash(categories_from(categories)) == content_hash(TREE)


def test_leaves_are_what_errors_are_put_into() -> None:
    assert [leaf.name for leaf in leaves(TREE)] == ["Below", "Beside"]


def test_the_content_hash_does_not_depend_on_the_order() -> None:
    assert content_hash(TREE) == content_hash(TREE[::-1])
    assert content_hash(TREE) != content_hash(TREE[:2])
