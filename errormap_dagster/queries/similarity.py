"""How alike datasets are in what fails on them: what ``dataset_similarities`` says of one."""

from typing import NamedTuple

import polars as pl

from errormap_dagster.queries.errors import Version
from errormap_dagster.queries.tables import Tables

TABLE = "dataset_similarities"


class Similarity(NamedTuple):
    """Another dataset.

    Attributes:
        dataset: its name.
        distance: Jensen-Shannon distance of the shares over categories, 0 (alike) to 1.
        n_errors: errors with a category of the one that has fewer.
    """

    dataset: str
    distance: float
    n_errors: int


def similar_datasets(tables: Tables, version: Version, dataset: str) -> list[Similarity]:
    """The other datasets, the most alike first; none while they have not been compared."""
    if not tables.has(TABLE):
        return []
    rows = tables.frame(TABLE).filter(
        pl.col("taxonomy") == version.taxonomy,
        pl.col("version") == version.number,
        (pl.col("dataset_a") == dataset) | (pl.col("dataset_b") == dataset),
    )
    is_first = pl.col("dataset_a") == dataset
    other = pl.when(is_first).then("dataset_b").otherwise("dataset_a").alias("other")
    told = rows.select(other, "distance", "n_errors").sort("distance", "other")
    return [Similarity(*row) for row in told.iter_rows()]
