"""What a dataset measures: its categories over all models, and its hardest examples."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from errormap_dagster.queries.errors import Version, error_rows
from errormap_dagster.queries.failures import examples
from errormap_dagster.queries.signatures import Cell, Grid, Line, grid
from errormap_dagster.queries.tables import Tables

TABLE = "benchmark_profiles"


@dataclass(frozen=True, slots=True)
class Spread:
    """A category over the models of a dataset.

    Attributes:
        category_id: the category, or the status of errors without one.
        name: its name.
        n_errors: over all models.
        mean_share: of the models' shares, each model counting once, 0 to 1.
        points: the share of each model, 0 to 1, with the model's name.
        pooled: the row of ``benchmark_profiles``, over the errors of all models; None where there
            is none, as below the first depth.
    """

    category_id: str
    name: str
    n_errors: int
    mean_share: float
    points: list[tuple[str, float]]
    pooled: dict[str, Any] | None

    @property
    def lowest(self) -> tuple[str, float]:
        """The model with the smallest share."""
        return min(self.points, key=lambda point: (point[1], point[0]))

    @property
    def highest(self) -> tuple[str, float]:
        """The model with the greatest share."""
        return max(self.points, key=lambda point: (point[1], point[0]))


@dataclass(frozen=True, slots=True)
class Profile:
    """A dataset: the failure rate of each model, the categories, the hardest examples."""

    lines: list[Line]
    spreads: list[Spread]
    hardest: pl.DataFrame

    @property
    def pooled(self) -> dict[str, Any] | None:
        """A row of ``benchmark_profiles``, for what is the same in all rows of the dataset."""
        return next((spread.pooled for spread in self.spreads if spread.pooled), None)


def profile(tables: Tables, version: Version, dataset: str, depth: int = 1) -> Profile:
    """What one dataset measures.

    Args:
        tables: the home's tables.
        version: of the taxonomy.
        dataset: its name.
        depth: of the categories, from 1.
    """
    shown = grid(tables, version, dataset, depth)
    pooled = _pooled(tables, version, dataset) if depth == 1 else {}
    return Profile(shown.lines, _spreads(shown, pooled), hardest_examples(tables, version, dataset))


def _pooled(tables: Tables, version: Version, dataset: str) -> dict[str, dict[str, Any]]:
    """The rows of ``benchmark_profiles`` by category; none until a run has made them."""
    # Homes of before have no share off the skill; the next run makes it.
    if not tables.has(TABLE) or "off_skill_share_low" not in tables.frame(TABLE).columns:
        return {}
    rows = tables.frame(TABLE).filter(
        pl.col("taxonomy") == version.taxonomy,
        pl.col("version") == version.number,
        pl.col("dataset") == dataset,
    )
    return {row["category_id"]: row for row in rows.iter_rows(named=True)}


def _spreads(shown: Grid, pooled: dict[str, dict[str, Any]]) -> list[Spread]:
    nothing = Cell(0, 0.0, 0.0, 0.0, 0.0)
    spreads: list[Spread] = []
    for category_id, name in shown.categories:
        cells = [(line.model, line.cells.get(category_id, nothing)) for line in shown.lines]
        points = [(model, cell.share) for model, cell in cells]
        mean = sum(share for _, share in points) / len(points)
        n_errors = sum(cell.n_errors for _, cell in cells)
        row = pooled.get(category_id)
        spreads.append(Spread(category_id, name, n_errors, mean, points, row))
    return spreads


def hardest_examples(tables: Tables, version: Version, dataset: str) -> pl.DataFrame:
    """The examples that most of the models asked failed, hardest first.

    One row per example: example_id, n_failed and n_asked (models), and error_title, the most
    frequent one.
    """
    key = ["example_id"]
    asked = examples(tables).filter(pl.col("dataset") == dataset).group_by(key).len("n_asked")
    failed = (
        error_rows(tables, version)
        .filter(pl.col("dataset") == dataset)
        .group_by(key)
        .agg(
            n_failed=pl.col("model").n_unique(),
            error_title=pl.col("error_title").drop_nulls().sort().mode(maintain_order=True).first(),
        )
    )
    joined = failed.join(asked, on=key, how="left")
    order = [pl.col("n_failed") / pl.col("n_asked"), pl.col("n_asked")]
    return joined.sort(*order, "example_id", descending=[True, True, False])
