"""A taxonomy: its tree, its treemap, and one category with its errors."""

from typing import Any

from errormap_dagster.explorer.view import Page, View
from errormap_dagster.presentation.shapes import treemap
from errormap_dagster.queries.errors import Version, datasets_of, models_of, versions
from errormap_dagster.queries.failures import Wanted, find_failures, with_quotes
from errormap_dagster.queries.quality import unstable_categories
from errormap_dagster.queries.tables import Tables
from errormap_dagster.queries.trees import Node, find_node, tree

_PICTURES = ((1000.0, 420.0), (380.0, 560.0))
"""Width and height of the treemap on wide and on narrow screens."""
_EXAMPLES = 3


def show(view: View) -> Page:
    """The page."""
    version, dataset, model = view.version(), view.dataset(), view.model()
    nodes = tree(view.tables, version, dataset, model)
    category = view.category(version)
    chosen = find_node(nodes, category) if category else None
    level = chosen.children if chosen and chosen.children else nodes
    return Page(
        "categories.html.j2",
        {
            "title": "Taxonomy",
            "version": str(version),
            "versions": versions(view.tables),
            "dataset": dataset,
            "datasets": datasets_of(view.tables),
            "model": model,
            "models": models_of(view.tables, dataset),
            "unstables": unstable_categories(view.tables, version),
            "nodes": nodes,
            "chosen": chosen,
            "level": level,
            "maps": [_map(level, *size) for size in _PICTURES],
            "examples": _examples(view.tables, version, chosen, Wanted(dataset, model)),
        },
    )


def _map(nodes: list[Node], width: float, height: float) -> dict[str, Any]:
    boxes = treemap([node.n_errors for node in nodes], width, height)
    return {"width": width, "height": height, "boxes": [(nodes[box.place], box) for box in boxes]}


def _examples(
    tables: Tables, version: Version, chosen: Node | None, wanted: Wanted
) -> list[dict[str, Any]]:
    if chosen is None:
        return []
    category = chosen.place.category.category_id
    rows = find_failures(tables, version, Wanted(wanted.dataset, wanted.model, category))
    return with_quotes(tables, rows.head(_EXAMPLES)).to_dicts()
