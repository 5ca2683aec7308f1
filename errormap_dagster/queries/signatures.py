"""Signatures as a grid of models and categories, and one model's shares as a list."""

from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from errormap_dagster.domain.signature import ALL_DATASETS, GROUP, MACRO
from errormap_dagster.queries.errors import (
    WITHOUT_CATEGORY,
    Version,
    category_name,
    datasets_of,
    places,
)
from errormap_dagster.queries.tables import Tables


@dataclass(frozen=True, slots=True)
class Cell:
    """The share of one category among the errors of one model.

    Attributes:
        n_errors: judged errors in the category.
        share: of the model's errors, 0 to 1; low and high are the ends of its 95 % interval.
        rate: failure rate times share: of the model's predictions, 0 to 1.
        is_too_few: whether the interval is too wide to say anything.
    """

    n_errors: int
    share: float
    low: float
    high: float
    rate: float
    is_too_few: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A model of a grid.

    Attributes:
        model: its name.
        n_failures: its failures.
        n_judged: how many of them the judge read.
        failure_rate: 0 to 1.
        cells: by category id; a category without an error of the model is missing.
    """

    model: str
    n_failures: int
    n_judged: int
    failure_rate: float
    cells: dict[str, Cell]

    @property
    def n_errors(self) -> int:
        """Judged errors, with a category or without."""
        return sum(cell.n_errors for cell in self.cells.values())


@dataclass(frozen=True, slots=True)
class Grid:
    """Models and categories; the most frequent categories first, the worst models first."""

    categories: list[tuple[str, str]]
    lines: list[Line]

    @property
    def has_few(self) -> bool:
        """Whether a cell has an interval too wide to say anything."""
        return any(cell.is_too_few for line in self.lines for cell in line.cells.values())

    @property
    def named(self) -> list[Cell]:
        """The cells of errors that have a category."""
        cells = [item for line in self.lines for item in line.cells.items()]
        return [cell for category_id, cell in cells if category_id not in WITHOUT_CATEGORY]


def grid(tables: Tables, version: Version, dataset: str = ALL_DATASETS, depth: int = 1) -> Grid:
    """The signatures of all models.

    Args:
        tables: the home's tables.
        version: of the taxonomy.
        dataset: a dataset, or ``all``.
        depth: of the categories, from 1.
    """
    rows = _rows(tables, version, dataset, depth)
    known = places(tables, version)
    # What has no category is no finding: it stands last, however much it is.
    order = (
        rows.group_by("category_id")
        .agg(pl.sum("n_errors"))
        .with_columns(is_last=pl.col("category_id").is_in(WITHOUT_CATEGORY))
        .sort(["is_last", "n_errors", "category_id"], descending=[False, True, False])
    )
    lines = [_line(part) for part in rows.partition_by("model", maintain_order=True)]
    return Grid(
        categories=[(name, category_name(known, name)) for name in order["category_id"]],
        lines=sorted(lines, key=lambda line: (-line.failure_rate, line.model)),
    )


def _rows(tables: Tables, version: Version, dataset: str, depth: int) -> pl.DataFrame:
    return tables.frame("signatures").filter(
        pl.col("taxonomy") == version.taxonomy,
        pl.col("version") == version.number,
        pl.col("dataset") == dataset,
        pl.col("depth") == depth,
    )


def _line(rows: pl.DataFrame) -> Line:
    head = rows.row(0, named=True)
    cells = {
        row["category_id"]: Cell(
            row["n_errors"],
            row["error_share"],
            row["error_share_low"],
            row["error_share_high"],
            row["error_share"] * row["failure_rate"],
            bool(row.get("is_too_few")),
        )
        for row in rows.iter_rows(named=True)
    }
    told = (head["model"], head["n_failures"], head["n_judged"], head["failure_rate"])
    return Line(*told, cells)


def depths(tables: Tables, version: Version) -> list[int]:
    """The depths at which signatures of a version were counted, from 1."""
    rows = tables.frame("signatures").filter(
        pl.col("taxonomy") == version.taxonomy, pl.col("version") == version.number
    )
    return rows["depth"].unique().sort().to_list()


class Scope(NamedTuple):
    """What signatures are over.

    Attributes:
        value: the value of ``dataset`` in its rows.
        kind: ``all``, ``group`` or ``dataset``.
        name: of the group or dataset; ``all datasets`` of all.
        is_macro: whether each dataset counts once, and not each error.
    """

    value: str
    kind: str
    name: str
    is_macro: bool


def scopes(tables: Tables) -> list[Scope]:
    """What there are signatures over: all datasets, groups of datasets, then each dataset."""
    known = set(datasets_of(tables))
    found = sorted(
        _scope(value, is_dataset=value in known)
        for value in {ALL_DATASETS, *tables.frame("signatures")["dataset"].unique()}
    )
    return sorted(found, key=lambda scope: ("all", "group", "dataset").index(scope.kind))


def _scope(value: str, *, is_dataset: bool) -> Scope:
    # A dataset may be called as a mean or a group is.
    if is_dataset:
        return Scope(value, "dataset", value, is_macro=False)
    name = value.removesuffix(MACRO)
    is_all = name == ALL_DATASETS
    shown = "all datasets" if is_all else name.removeprefix(GROUP)
    return Scope(value, "all" if is_all else "group", shown, is_macro=name != value)
