"""The versions of the taxonomies, and where the errors went from one to another."""

from typing import Any

from errormap_dagster.explorer.view import Page, View
from errormap_dagster.presentation.shapes import flow
from errormap_dagster.queries.errors import WITHOUT_CATEGORY, Version, versions
from errormap_dagster.queries.history import Stream, change_rows, streams, version_rows
from errormap_dagster.queries.quality import quality_rows
from errormap_dagster.queries.tables import Tables

_LEFT, _RIGHT, _HEIGHT = 340.0, 660.0, 420.0
_CHANGES = 200


def show(view: View) -> Page:
    """The page: of two versions that are chosen, else the reported one and another."""
    known = versions(view.tables)
    target = view.version()
    source = view.version("source") if view.text("source") else _before(view.tables, target)
    chosen = streams(view.tables, source, target)
    changes = change_rows(view.tables, target)
    return Page(
        "history.html.j2",
        {
            "title": "Versions",
            "version": str(target),
            "source": str(source),
            "versions": known,
            "rows": version_rows(view.tables).to_dicts(),
            "quality": quality_rows(view.tables),
            "changes": changes.head(_CHANGES).to_dicts(),
            "n_changes": changes.height,
            "streams": chosen,
            "picture": _picture(chosen),
        },
    )


def _before(tables: Tables, target: Version) -> Version:
    """The version that another was made from; any other when it is the first."""
    known = versions(tables)
    older = [v for v in known if v.taxonomy == target.taxonomy and v.number < target.number]
    others = [v for v in known if v != target]
    return (older or others or [target])[-1]


def _picture(chosen: list[Stream]) -> dict[str, Any]:
    counts = {(s.source[0], s.target[0]): s.n_errors for s in chosen}
    hidden = [pair for pair in counts if set(pair) <= set(WITHOUT_CATEGORY)]
    n_hidden = sum(counts.pop(pair) for pair in hidden)
    return {
        "n_hidden": n_hidden,
        "flow": flow(counts, _LEFT, _RIGHT, _HEIGHT),
        "left": _LEFT,
        "right": _RIGHT,
        "names": [{s.source[0]: s.source[1] for s in chosen}, dict(s.target for s in chosen)],
    }
