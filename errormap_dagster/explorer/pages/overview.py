"""The first page: how much there is, what became of it, and where to go on."""

from errormap_dagster.domain.signature import ALL_DATASETS
from errormap_dagster.explorer.view import Page, View
from errormap_dagster.queries import findings
from errormap_dagster.queries.errors import versions
from errormap_dagster.queries.overview import overview


def show(view: View) -> Page:
    """The page."""
    version = view.version()
    return Page(
        "overview.html.j2",
        {
            "title": "Why the models fail",
            "version": str(version),
            "versions": versions(view.tables),
            "overview": overview(view.tables, version),
            "findings": findings.findings(view.tables, version),
            "all_datasets": ALL_DATASETS,
        },
    )
