"""What the judge cost."""

from errormap_dagster.explorer.view import Page, View
from errormap_dagster.queries.spending import spending


def show(view: View) -> Page:
    """The page."""
    return Page("costs.html.j2", {"title": "Costs", "spending": spending(view.tables)})
