"""The signatures in small, for the Dagster UI: a table in Markdown and a picture."""

from errormap_dagster.presentation import markdown
from errormap_dagster.presentation.environment import environment
from errormap_dagster.presentation.numbers import interval, percent
from errormap_dagster.presentation.scales import top_of
from errormap_dagster.queries.cards import leading
from errormap_dagster.queries.errors import WITHOUT_CATEGORY, reported_version
from errormap_dagster.queries.signatures import Grid, Line, grid
from errormap_dagster.queries.tables import Tables

_MODELS = 25
_CATEGORIES = 12
_HEADER = ("model", "failure rate", "most frequent error", "its share, 95 % interval")
_INLINE = 990
"""Dagster's UI shows shorter Markdown in its place, and longer only after a click."""
_BLOCKS_OF_ALL = 5


def signature_summary(tables: Tables) -> tuple[str, str]:
    """The reported signatures over all datasets: a table and a picture, both Markdown.

    The models with the highest failure rate stand first: in the table as many as the UI shows
    without a click, in the picture 25, with the 12 most frequent categories.

    Raises:
        TableMissingError: the results have not been made yet.
    """
    shown = grid(tables, reported_version(tables))
    return _table(shown), markdown.picture("signatures", _picture(shown))


def _table(shown: Grid) -> str:
    names = dict(shown.categories)
    rows = [_row(line, names) for line in shown.lines]
    for n_shown in range(len(rows), -1, -1):
        left = len(rows) - n_shown
        more = [(f"and {left} more", "", "", "")] if left else []
        text = markdown.table(_HEADER, [*rows[:n_shown], *more])
        if len(text) <= _INLINE:
            return text
    return ""


def _row(line: Line, names: dict[str, str]) -> tuple[str, str, str, str]:
    model, rate = markdown.escaped(line.model), percent(line.failure_rate)
    for _, name, cell in leading(line, names)[:1]:
        bar = "▇" * max(1, round(cell.share * _BLOCKS_OF_ALL))
        share = f"{bar} {percent(cell.share)} ({interval(cell.low, cell.high)})"
        return model, rate, markdown.escaped(name), share
    return model, rate, "–", ""


def _picture(shown: Grid) -> str:
    named = [entry for entry in shown.categories if entry[0] not in WITHOUT_CATEGORY]
    template = environment("report", {}).get_template("report/signatures.svg.j2")
    return template.render(
        lines=shown.lines[:_MODELS],
        categories=named[:_CATEGORIES],
        top=top_of(cell.share for cell in shown.named),
    )
