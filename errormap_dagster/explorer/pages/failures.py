"""The failures behind every number, and one failure with all that is known of it."""

from errormap_dagster.explorer.view import BadStateError, Page, View
from errormap_dagster.queries.errors import (
    OUTCOMES,
    Version,
    datasets_of,
    models_of,
    places,
    versions,
)
from errormap_dagster.queries.failures import Wanted, find_failures, with_quotes
from errormap_dagster.queries.instance import instance, neighbours
from errormap_dagster.queries.quality import unstable_categories

_PER_PAGE = 25
_MOST_PAGES = 1_000_000


def show(view: View) -> Page:
    """The failures that are asked for, a page of them."""
    version = view.version()
    wanted = _wanted(view, version)
    rows = find_failures(view.tables, version, wanted)
    n_pages = max(1, -(-rows.height // _PER_PAGE))
    page = min(view.number("page", 1, _MOST_PAGES), n_pages)
    shown = rows.slice((page - 1) * _PER_PAGE, _PER_PAGE)
    return Page(
        "failures.html.j2",
        {
            "title": "Failures",
            "version": str(version),
            "versions": versions(view.tables),
            "datasets": datasets_of(view.tables),
            "models": models_of(view.tables),
            "places": places(view.tables, version),
            "outcomes": OUTCOMES,
            "unstables": unstable_categories(view.tables, version),
            "wanted": wanted,
            "n_found": rows.height,
            "page": page,
            "n_pages": n_pages,
            "rows": with_quotes(view.tables, shown).to_dicts(),
            "state": {name: value for name, value in view.params.items() if name != "page"},
        },
    )


def _wanted(view: View, version: Version) -> Wanted:
    also = view.text("also_taxonomy") and view.version("also_taxonomy")
    also_category = view.category(also, "also") if isinstance(also, Version) else None
    result = view.choice("result", ["right", "wrong"], "right")
    return Wanted(
        dataset=view.dataset(),
        model=view.model(),
        category=view.category(version),
        outcome=view.choice("outcome", OUTCOMES, None),
        text=view.text("text"),
        example=view.text("example"),
        other_model=view.model("other"),
        other_result="wrong" if result == "wrong" else "right",
        also=(also, also_category) if isinstance(also, Version) and also_category else None,
    )


def show_one(view: View) -> Page:
    """One failure.

    Raises:
        BadStateError: no id is given.
        UnknownFailureError: no failure has the id.
    """
    version = view.version()
    prediction_id = view.text("id")
    if prediction_id is None:
        raise BadStateError("id is missing; choose a failure from the list.")
    found = instance(view.tables, prediction_id)
    criteria = found.judged["criteria"] if found.judged else []
    assigned_by = [Version(row["taxonomy"], row["version"]) for row in found.assignments]
    return Page(
        "failure.html.j2",
        {
            "title": "Failure",
            "version": str(version),
            "prediction_id": prediction_id,
            "found": found,
            "quotes": [row["evidence"] for row in criteria if row["evidence"]],
            "is_whole": view.flag("whole"),
            "unstables": {str(v): unstable_categories(view.tables, v) for v in assigned_by},
            "neighbours": neighbours(view.tables, version, found.failure),
        },
    )
