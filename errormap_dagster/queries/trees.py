"""A taxonomy version with the errors in it: as a tree, and level by level."""

from dataclasses import dataclass

import polars as pl

from errormap_dagster.queries.errors import Place, Version, error_rows, places
from errormap_dagster.queries.tables import Tables


@dataclass(frozen=True, slots=True)
class Node:
    """A category with its errors.

    Attributes:
        place: the category in its tree.
        n_errors: errors in it and below it.
        share: of all errors that have a category, 0 to 1.
        children: the nodes right below, most errors first.
    """

    place: Place
    n_errors: int
    share: float
    children: list["Node"]


def tree(
    tables: Tables, version: Version, dataset: str | None = None, model: str | None = None
) -> list[Node]:
    """The top categories of a version with all below them, most errors first.

    Args:
        tables: the home's tables.
        version: of the taxonomy.
        dataset: count the errors of this dataset only.
        model: count the errors of this model only.
    """
    rows = error_rows(tables, version).filter(pl.col("outcome") == "assigned")
    for column, value in (("dataset", dataset), ("model", model)):
        rows = rows if value is None else rows.filter(pl.col(column) == value)
    counts = dict(rows.group_by("category_id").len().iter_rows())
    known = places(tables, version)
    total = max(1, rows.height)

    def node(category_id: str) -> Node:
        place = known[category_id]
        n_errors = sum(counts.get(member, 0) for member in place.members)
        return Node(place, n_errors, n_errors / total, _ordered(map(node, place.children)))

    tops = (name for name, place in known.items() if place.category.parent_category_id is None)
    return _ordered(map(node, tops))


def _ordered(nodes: "map[Node]") -> list[Node]:
    return sorted(nodes, key=lambda node: (-node.n_errors, node.place.category.priority))


def find_node(nodes: list[Node], category_id: str) -> Node | None:
    """The node of a category, wherever in the tree; None when there is none."""
    for node in nodes:
        if node.place.category.category_id == category_id:
            return node
        if found := find_node(node.children, category_id):
            return found
    return None
