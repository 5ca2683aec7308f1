"""The signatures in small, for the Dagster UI: a table in Markdown and a picture."""

from errormap_dagster.presentation import markdown
from errormap_dagster.presentation.environment import environment
from errormap_dagster.presentation.numbers import count, interval, percent
from errormap_dagster.presentation.scales import top_of
from errormap_dagster.queries.cards import leading
from errormap_dagster.queries.errors import WITHOUT_CATEGORY, reported_version
from errormap_dagster.queries.signatures import Grid, Line, grid
from errormap_dagster.queries.tables import Tables

_MODELS = 25
_CATEGORIES = 12
_HEADER = ("model", "failure rate", "most frequent errors, with 95 % interval and n")


def signature_summary(tables: Tables) -> tuple[str, str]:
    """The reported signatures over all datasets: a table and a picture, both Markdown.

    The 25 models with the highest failure rate and the 12 most frequent categories are shown.

    Raises:
        TableMissingError: the results have not been made yet.
    """
    shown = grid(tables, reported_version(tables))
    names = dict(shown.categories)
    rows = [_row(line, names) for line in shown.lines[:_MODELS]]
    if more := len(shown.lines) - _MODELS:
        rows += [(f"and {more} more", "", "")] if more > 0 else []
    return markdown.table(_HEADER, rows), markdown.picture("signatures", _picture(shown))


def _row(line: Line, names: dict[str, str]) -> tuple[str, str, str]:
    told = [
        f"{markdown.escaped(name)} {percent(cell.share)} "
        f"({interval(cell.low, cell.high)}, n = {count(cell.n_errors)})"
        for _, name, cell in leading(line, names)
    ]
    return markdown.escaped(line.model), percent(line.failure_rate), "; ".join(told) or "–"


def _picture(shown: Grid) -> str:
    named = [entry for entry in shown.categories if entry[0] not in WITHOUT_CATEGORY]
    template = environment("report", {}).get_template("report/signatures.svg.j2")
    return template.render(
        lines=shown.lines[:_MODELS],
        categories=named[:_CATEGORIES],
        top=top_of(cell.share for cell in shown.named),
    )
