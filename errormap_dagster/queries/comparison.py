"""Two models on the same examples, and their errors category by category."""

from dataclasses import dataclass

import polars as pl

from errormap_dagster.domain.signature import ALL_DATASETS
from errormap_dagster.queries.errors import WITHOUT_CATEGORY, Version
from errormap_dagster.queries.failures import examples
from errormap_dagster.queries.signatures import Cell, Line, grid
from errormap_dagster.queries.tables import Tables

_KEY = ["dataset", "example_id"]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Examples that both models were asked, by who failed at least once.

    Attributes:
        n_examples: asked of both.
        n_neither: neither failed.
        n_only_first: only the first failed.
        n_only_second: only the second failed.
        n_both: both failed.
    """

    n_examples: int
    n_neither: int
    n_only_first: int
    n_only_second: int
    n_both: int


@dataclass(frozen=True, slots=True)
class Contrast:
    """One category in both signatures.

    Attributes:
        category_id: the category, or the status of errors without one.
        name: its name.
        first: the cell of the first model; None when it has no such error.
        second: that of the second.
        difference: share of the first less that of the second, -1 to 1.
        is_apart: whether the two intervals have no point in common.
    """

    category_id: str
    name: str
    first: Cell | None
    second: Cell | None
    difference: float
    is_apart: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models side by side; the categories with the greatest difference first."""

    pairs: Pairs
    first: Line | None
    second: Line | None
    contrasts: list[Contrast]


def compare(
    tables: Tables, version: Version, first: str, second: str, dataset: str | None, depth: int = 1
) -> Comparison:
    """Set two models against each other.

    Args:
        tables: the home's tables.
        version: of the taxonomy.
        first: a model.
        second: another model.
        dataset: None for all that both were asked.
        depth: of the categories, from 1.
    """
    shown = grid(tables, version, dataset or ALL_DATASETS, depth)
    lines = {line.model: line for line in shown.lines}
    one, other = lines.get(first), lines.get(second)
    contrasts = [_contrast(name, title, one, other) for name, title in shown.categories]
    told = [contrast for contrast in contrasts if contrast.first or contrast.second]
    return Comparison(
        count_pairs(tables, first, second, dataset),
        one,
        other,
        sorted(told, key=_importance),
    )


def _importance(contrast: Contrast) -> tuple[bool, float, str]:
    """The order of contrasts: what has no category is no finding and stands last."""
    name = contrast.category_id
    return name in WITHOUT_CATEGORY, -abs(contrast.difference), name


def _contrast(category_id: str, name: str, one: Line | None, other: Line | None) -> Contrast:
    first = one.cells.get(category_id) if one else None
    second = other.cells.get(category_id) if other else None
    difference = (first.share if first else 0.0) - (second.share if second else 0.0)
    is_apart = bool(first and second and (first.low > second.high or second.low > first.high))
    return Contrast(category_id, name, first, second, difference, is_apart)


def count_pairs(tables: Tables, first: str, second: str, dataset: str | None) -> Pairs:
    """How often which of two models failed on the examples that both were asked."""
    asked = examples(tables)
    failed = tables.frame("failures")
    if dataset is not None:
        asked = asked.filter(pl.col("dataset") == dataset)
        failed = failed.filter(pl.col("dataset") == dataset)
    common = (
        asked.filter(pl.col("model") == first)
        .join(asked.filter(pl.col("model") == second), on=_KEY, how="semi")
        .select(_KEY)
    )
    marked = [
        failed.filter(pl.col("model") == model)
        .select(_KEY)
        .unique()
        .with_columns(pl.lit(value=True).alias(name))
        for model, name in ((first, "first"), (second, "second"))
    ]
    rows = common.join(marked[0], on=_KEY, how="left").join(marked[1], on=_KEY, how="left")
    one, other = (rows[name].fill_null(value=False) for name in ("first", "second"))
    return Pairs(
        n_examples=rows.height,
        n_neither=int((~one & ~other).sum()),
        n_only_first=int((one & ~other).sum()),
        n_only_second=int((~one & other).sum()),
        n_both=int((one & other).sum()),
    )
