"""Examples whose reference may be wrong, how much that is, and what it does to the scores."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from errormap_dagster.queries.tables import Tables

TABLE = "suspect_gold"


@dataclass(frozen=True, slots=True)
class Suspects:
    """The queue of suspect examples.

    Attributes:
        queue: rows of ``suspect_gold``, the most suspect of each dataset first.
        noise: rows of ``gold_noise``, by dataset; empty while that has not been made.
        scores: rows of ``gold_scores``, by dataset and rank; likewise.
    """

    queue: pl.DataFrame
    noise: list[dict[str, Any]]
    scores: list[dict[str, Any]]


def suspects(tables: Tables, dataset: str | None = None) -> Suspects | None:
    """What is known of suspect references, of one dataset or of all; None until it is made."""
    queue = _rows(tables, TABLE, dataset)
    if queue is None:
        return None
    noise, scores = (_rows(tables, table, dataset) for table in ("gold_noise", "gold_scores"))
    return Suspects(
        queue=queue.sort("suspicion", "dataset", "rank", descending=[True, False, False]),
        noise=[] if noise is None else noise.sort("dataset").to_dicts(),
        scores=[] if scores is None else scores.sort("dataset", "rank", "model").to_dicts(),
    )


def _rows(tables: Tables, table: str, dataset: str | None) -> pl.DataFrame | None:
    if not tables.has(table):
        return None
    rows = tables.frame(table)
    return rows if dataset is None else rows.filter(pl.col("dataset") == dataset)
