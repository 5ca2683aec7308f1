"""A few failures of each category, of different models, the same ones every time."""

from typing import Any

import polars as pl

from errormap_dagster.queries.errors import Version
from errormap_dagster.queries.failures import Wanted, find_failures, with_quotes
from errormap_dagster.queries.tables import Tables


def sample(tables: Tables, version: Version, category: str, n: int) -> list[dict[str, Any]]:
    """Up to ``n`` failures of a category, with quote, input, output and reference.

    Ids are hashes, so that their order is as good as drawn; each model comes once before any
    comes twice.
    """
    rows = find_failures(tables, version, Wanted(category=category)).sort("prediction_id")
    turn = pl.int_range(pl.len()).over("model")
    chosen = rows.with_columns(turn=turn).sort("turn", "prediction_id").drop("turn").head(n)
    columns = ["prediction_id", "input_text", "output_text", "correct_answer"]
    texts = tables.scan("raw_predictions").select(columns)
    wanted = chosen.select("prediction_id").lazy()
    found = texts.join(wanted, on="prediction_id", how="semi").collect()
    quoted = with_quotes(tables, chosen)
    return quoted.join(found, on="prediction_id", how="left", maintain_order="left").to_dicts()
