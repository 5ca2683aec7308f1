from dataclasses import asdict, replace

import polars as pl
import pytest

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import (
    TaxonomyError,
    categories_from,
    content_hash,
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


def test_categories_come_back_from_their_rows() -> None:
    tree = [*TREE, replace(category("Ruled"), rule="x+", listed_prediction_ids=("p",))]
    rows = pl.DataFrame(
        [{"taxonomy": "t", "version": 1, **asdict(c)} for c in tree],
        schema=polars_schema("taxonomy_categories"),
    )
    assert content_hash(categories_from(rows)) == content_hash(tree)
    assert content_hash(tree) != content_hash([*TREE, category("Ruled")])


def test_nothing_lies_below_a_category_that_a_rule_fills() -> None:
    tree = [replace(category("Ruled"), rule="x"), category("Below", "Ruled", 2)]
    with pytest.raises(TaxonomyError, match="below a category with a rule"):
        validate_categories(tree)


def test_leaves_are_what_errors_are_put_into() -> None:
    assert [leaf.name for leaf in leaves(TREE)] == ["Below", "Beside"]


def test_the_content_hash_does_not_depend_on_the_order() -> None:
    assert content_hash(TREE) == content_hash(TREE[::-1])
    assert content_hash(TREE) != content_hash(TREE[:2])
