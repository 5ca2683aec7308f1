"""What stands out: on each dataset, the model that departs furthest from the others."""

from dataclasses import dataclass

from errormap_dagster.queries.errors import WITHOUT_CATEGORY, Version, datasets_of
from errormap_dagster.queries.signatures import Cell, Grid, Line, grid
from errormap_dagster.queries.tables import Tables

_FEWEST = 2
"""Models that a mean of others needs beside the one."""
_FEWEST_ERRORS = 5
"""Errors that a finding rests on; fewer may be chance, whatever the interval says."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One category that is more frequent with one model than with the others.

    Attributes:
        dataset: where.
        model: whose errors.
        category_id: the category.
        category: its name.
        cell: its share among the model's errors, with the interval.
        n_errors: all judged errors of the model on the dataset.
        others_share: the mean share of the other models, 0 to 1.
        n_others: how many other models there are.
    """

    dataset: str
    model: str
    category_id: str
    category: str
    cell: Cell
    n_errors: int
    others_share: float
    n_others: int

    @property
    def distance(self) -> float:
        """How far the interval's lower end lies above the others' mean, 0 to 1."""
        return self.cell.low - self.others_share


def findings(tables: Tables, version: Version) -> list[Finding]:
    """At most one finding per dataset, the clearest first.

    A finding needs 5 errors and an interval that lies above the mean of the other models. It is
    the furthest of many: its interval is that of one share, and no test of the choice.
    """
    best: dict[str, Finding] = {}
    for finding in departures(tables, version):
        best.setdefault(finding.dataset, finding)
    return list(best.values())


def departures(tables: Tables, version: Version) -> list[Finding]:
    """Every share whose interval lies above the mean of the other models, the furthest first.

    Shares of fewer than 5 errors are left out.
    """
    found = [
        finding
        for dataset in datasets_of(tables)
        for finding in _departures(dataset, grid(tables, version, dataset))
    ]
    return sorted(found, key=lambda f: (-f.distance, f.dataset, f.model, f.category_id))


def _departures(dataset: str, shown: Grid) -> list[Finding]:
    if len(shown.lines) <= _FEWEST:
        return []
    told = [
        _finding(dataset, category, line, shown)
        for category in shown.categories
        if category[0] not in WITHOUT_CATEGORY
        for line in shown.lines
        if category[0] in line.cells and line.cells[category[0]].n_errors >= _FEWEST_ERRORS
    ]
    return [finding for finding in told if finding.distance > 0]


def _finding(dataset: str, category: tuple[str, str], line: Line, shown: Grid) -> Finding:
    name = category[0]
    others = [other for other in shown.lines if other is not line]
    shares = [other.cells[name].share if name in other.cells else 0.0 for other in others]
    return Finding(
        dataset=dataset,
        model=line.model,
        category_id=name,
        category=category[1],
        cell=line.cells[name],
        n_errors=line.n_errors,
        others_share=sum(shares) / len(shares),
        n_others=len(others),
    )
