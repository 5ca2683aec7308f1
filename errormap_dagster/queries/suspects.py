"""The queue of examples whose reference may be wrong."""

import polars as pl

from errormap_dagster.queries.tables import Tables

TABLE = "suspect_gold"


def suspects(tables: Tables, dataset: str | None = None) -> pl.DataFrame | None:
    """The queue in its order, of one dataset or of all; None while it has not been made."""
    if not tables.has(TABLE):
        return None
    rows = tables.frame(TABLE)
    return rows if dataset is None else rows.filter(pl.col("dataset") == dataset)
