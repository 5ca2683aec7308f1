"""Where models depart from the mean of all on the same examples: ``model_deviations``."""

from typing import Any

import polars as pl

from errormap_dagster.queries.errors import Version, category_name, places
from errormap_dagster.queries.significance import ANY_FAILURE
from errormap_dagster.queries.tables import Tables

TABLE = "model_deviations"


def significant_deviations(
    tables: Tables, version: Version, dataset: str
) -> list[dict[str, Any]] | None:
    """The deviations on a dataset that are more than chance, the greatest first.

    Rows of ``model_deviations`` with ``name``, that of the category. None until it is made.
    """
    if not tables.has(TABLE):
        return None
    rows = tables.frame(TABLE).filter(
        pl.col("taxonomy") == version.taxonomy,
        pl.col("version") == version.number,
        pl.col("dataset") == dataset,
        pl.col("is_significant"),
    )
    known = places(tables, version)
    order = [pl.col("rate_deviation").abs(), pl.col("model"), pl.col("category_id")]
    return [
        {**row, "name": _name(row["category_id"], known)}
        for row in rows.sort(order, descending=[True, False, False]).iter_rows(named=True)
    ]


def _name(category_id: str, known: dict[str, Any]) -> str:
    return "all failures" if category_id == ANY_FAILURE else category_name(known, category_id)
