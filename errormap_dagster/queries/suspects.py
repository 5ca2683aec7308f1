"""Examples whose reference may be wrong, how much that is, and what it does to the scores."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from errormap_dagster.judge.embedded.tasks import read_options
from errormap_dagster.queries.tables import Tables

_KEY = ["dataset", "example_id"]
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


def with_questions(tables: Tables, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """A few rows of the queue with what was asked.

    Adds ``input_text``, and ``other_text``: the option of ``other_answer``, None where there are no
    options.
    """
    if rows.is_empty():
        return []
    asked = (
        tables.scan("raw_predictions")
        .join(rows.lazy().select(_KEY), on=_KEY, how="semi")
        .sort("prediction_id")
        .group_by(_KEY, maintain_order=True)
        .agg(pl.first("input_text"))
        .collect()
    )
    joined = rows.join(asked, on=_KEY, how="left", maintain_order="left")
    return [{**row, "other_text": _option(row)} for row in joined.iter_rows(named=True)]


def _option(row: dict[str, Any]) -> str | None:
    options = {option.letter: option.text for option in read_options(row["input_text"] or "")}
    return options.get(row["other_answer"])
