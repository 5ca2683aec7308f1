"""The report: one HTML file that holds all it shows, made of the same pieces as the explorer.

It needs no network and no script, opens from disk, and prints.
"""

from typing import Any

from markupsafe import Markup

from errormap_dagster.domain.identity import content_id
from errormap_dagster.presentation.environment import environment, stylesheet
from errormap_dagster.presentation.scales import top_of
from errormap_dagster.queries.cards import cards
from errormap_dagster.queries.errors import Version, datasets_of, reported_version
from errormap_dagster.queries.findings import findings
from errormap_dagster.queries.overview import overview
from errormap_dagster.queries.quality import unstable_categories
from errormap_dagster.queries.samples import sample
from errormap_dagster.queries.signatures import Grid, grid
from errormap_dagster.queries.tables import Tables
from errormap_dagster.queries.trees import Node, tree
from errormap_dagster.queries.trust import trust_cards
from errormap_dagster.report.trust import trust_sentence

_PER_CATEGORY = 3
_ANCHORED = (("category", "c"), ("model", "m"), ("dataset", "d"))
MARK = "errormap.fingerprint"
"""Name of the meta element that tells what a report was made from."""


def anchor(kind: str, value: object) -> str:
    """The id of a part of the report; names hold signs that an id must not."""
    return f"{kind}-{content_id(str(value), length=12)}"


def _link(path: str, **state: object) -> str:
    """Where a link of the explorer leads within the report: to the part that tells most."""
    if path == "/failure":
        return f"#{anchor('f', state['id'])}"
    told = [(kind, state[name]) for name, kind in _ANCHORED if state.get(name)]
    return f"#{anchor(*told[0])}" if told else "#top"


def report(tables: Tables, fingerprint: str) -> str:
    """The report as HTML.

    Args:
        tables: of the home.
        fingerprint: of what it is made from; it stands in the file.

    Raises:
        TableMissingError: the results have not been made yet.
    """
    version = reported_version(tables)
    shown = overview(tables, version)
    templates = environment("report", {"link": _link, "anchor": anchor})
    return templates.get_template("report/report.html.j2").render(
        # Our own file, and the only text that is not escaped.
        style=Markup(stylesheet()),  # noqa: S704 - as above
        mark=MARK,
        fingerprint=fingerprint,
        version=str(version),
        overview=shown,
        trust=[trust_sentence(card) for card in trust_cards(tables, version)],
        findings=findings(tables, version),
        unstables=unstable_categories(tables, version),
        grids=_grids(tables, version),
        cards=cards(tables, version),
        nodes=_sampled(tables, version, tree(tables, version)),
    )


def _grids(tables: Tables, version: Version) -> list[dict[str, Any]]:
    told = [(dataset, grid(tables, version, dataset)) for dataset in datasets_of(tables)]
    return [
        {"dataset": dataset, "grid": shown, "top": _top(shown)}
        for dataset, shown in told
        if shown.lines
    ]


def _top(shown: Grid) -> float:
    return top_of(cell.share for cell in shown.named)


def _sampled(tables: Tables, version: Version, nodes: list[Node]) -> list[dict[str, Any]]:
    return [
        {
            "node": node,
            "rows": sample(tables, version, node.place.category.category_id, _PER_CATEGORY),
        }
        for node in nodes
        if node.n_errors
    ]
