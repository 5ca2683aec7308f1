"""The first page: how much there is, what became of it, and where to go on."""

from errormap_dagster.explorer.view import Page, View
from errormap_dagster.queries import findings
from errormap_dagster.queries.errors import versions
from errormap_dagster.queries.overview import overview
from errormap_dagster.queries.quality import unstable_categories
from errormap_dagster.queries.trust import trust_cards
from errormap_dagster.report.trust import trust_sentence


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
            "trust": {
                card.kind: trust_sentence(card) for card in trust_cards(view.tables, version)
            },
            "findings": findings.findings(view.tables, version),
            "unstables": unstable_categories(view.tables, version),
        },
    )
