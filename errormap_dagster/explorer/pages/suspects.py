"""The examples whose reference may be wrong, most suspect first."""

import polars as pl

from errormap_dagster.explorer.view import Page, View
from errormap_dagster.queries.errors import datasets_of
from errormap_dagster.queries.suspects import TABLE, suspects, with_questions

_PER_PAGE = 25
_MOST_PAGES = 1_000_000


def show(view: View) -> Page:
    """The page; until the queue is made it says how."""
    dataset = view.dataset()
    found = suspects(view.tables, dataset)
    queue = found.queue if found else pl.DataFrame()
    n_pages = max(1, -(-queue.height // _PER_PAGE))
    page = min(view.number("page", 1, _MOST_PAGES), n_pages)
    return Page(
        "suspects.html.j2",
        {
            "title": "Suspect gold",
            "table": TABLE,
            "dataset": dataset,
            "datasets": datasets_of(view.tables),
            "found": found,
            "n_found": queue.height,
            "page": page,
            "n_pages": n_pages,
            "rows": with_questions(view.tables, queue.slice((page - 1) * _PER_PAGE, _PER_PAGE)),
        },
    )
