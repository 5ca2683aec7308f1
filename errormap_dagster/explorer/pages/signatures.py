"""The heat map: models and categories, with intervals on demand."""

from dataclasses import replace

from errormap_dagster.domain.signature import ALL_DATASETS
from errormap_dagster.explorer.view import Page, View
from errormap_dagster.presentation.scales import top_of
from errormap_dagster.queries.errors import WITHOUT_CATEGORY, versions
from errormap_dagster.queries.quality import unstable_categories
from errormap_dagster.queries.signatures import Grid, depths, grid, scopes

_DEEPEST = 3
_MOST_CATEGORIES = 30


def _leading(shown: Grid) -> list[tuple[str, str]]:
    """The most frequent categories, and what has none."""
    rest = [entry for entry in shown.categories if entry[0] in WITHOUT_CATEGORY]
    named = [entry for entry in shown.categories if entry not in rest]
    return [*named[:_MOST_CATEGORIES], *rest]


def show(view: View) -> Page:
    """The page."""
    version = view.version()
    over = {scope.value: scope for scope in scopes(view.tables)}
    scope = over[view.choice("dataset", list(over), None) or ALL_DATASETS]
    depth = view.number("depth", 1, _DEEPEST)
    measure = view.choice("measure", ["share", "rate"], "share")
    shown = grid(view.tables, version, scope.value, depth)
    return Page(
        "signatures.html.j2",
        {
            "title": "Signatures",
            "version": str(version),
            "versions": versions(view.tables),
            "scope": scope,
            "scopes": list(over.values()),
            # Failures are found by dataset; those of a group or a mean are of all datasets.
            "dataset": scope.value if scope.kind == "dataset" else None,
            "depth": depth,
            "depths": depths(view.tables, version),
            "has_intervals": view.flag("intervals"),
            "measure": measure,
            "unstables": unstable_categories(view.tables, version),
            "grid": replace(shown, categories=_leading(shown)),
            "n_hidden": len(shown.categories) - len(_leading(shown)),
            "top": top_of(cell.rate if measure == "rate" else cell.share for cell in shown.named),
        },
    )
