"""Model cards: one model on all its datasets."""

from dataclasses import dataclass

from errormap_dagster.queries.errors import WITHOUT_CATEGORY, Version, datasets_of
from errormap_dagster.queries.findings import Finding, departures
from errormap_dagster.queries.signatures import Cell, Line, grid
from errormap_dagster.queries.tables import Tables

_MOST = 3


@dataclass(frozen=True, slots=True)
class Card:
    """One model.

    Attributes:
        overall: its line over all datasets.
        datasets: its line on each dataset, by the dataset's name.
        leading: its most frequent categories over all datasets: id, name and cell.
        departures: where it departs furthest from the other models.
    """

    overall: Line
    datasets: list[tuple[str, Line]]
    leading: list[tuple[str, str, Cell]]
    departures: list[Finding]

    @property
    def model(self) -> str:
        """Its name."""
        return self.overall.model


def cards(tables: Tables, version: Version) -> list[Card]:
    """A card of every model with a judged error, by the model's name."""
    overall = grid(tables, version)
    names = dict(overall.categories)
    datasets: dict[str, list[tuple[str, Line]]] = {}
    for dataset in datasets_of(tables):
        for line in grid(tables, version, dataset).lines:
            datasets.setdefault(line.model, []).append((dataset, line))
    apart: dict[str, list[Finding]] = {}
    for finding in departures(tables, version):
        apart.setdefault(finding.model, []).append(finding)
    return [
        Card(
            line,
            datasets.get(line.model, []),
            leading(line, names),
            apart.get(line.model, [])[:_MOST],
        )
        for line in sorted(overall.lines, key=lambda line: line.model)
    ]


def leading(line: Line, names: dict[str, str]) -> list[tuple[str, str, Cell]]:
    """The three most frequent categories of a line: id, name and cell."""
    named = [(c, names[c], cell) for c, cell in line.cells.items() if c not in WITHOUT_CATEGORY]
    return sorted(named, key=lambda entry: (-entry[2].share, entry[0]))[:_MOST]
