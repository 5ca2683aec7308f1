"""The examples whose reference may be wrong, most suspect first."""

from errormap_dagster.explorer.view import Page, View
from errormap_dagster.queries.errors import datasets_of
from errormap_dagster.queries.suspects import TABLE, suspects

_SHOWN = 100


def show(view: View) -> Page:
    """The page; until the queue is made it says how."""
    dataset = view.dataset()
    rows = suspects(view.tables, dataset)
    return Page(
        "suspects.html.j2",
        {
            "title": "Suspect gold",
            "table": TABLE,
            "dataset": dataset,
            "datasets": datasets_of(view.tables),
            "is_made": rows is not None,
            "n_found": 0 if rows is None else rows.height,
            "rows": [] if rows is None else rows.head(_SHOWN).to_dicts(),
        },
    )
