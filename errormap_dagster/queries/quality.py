"""How good a taxonomy version is, and which of its categories do not hold."""

from typing import Any

import polars as pl

from errormap_dagster.queries.errors import Version
from errormap_dagster.queries.tables import Tables

TABLE = "taxonomy_quality"
CATEGORY_TABLE = "taxonomy_category_quality"


def quality_rows(tables: Tables) -> list[dict[str, Any]]:
    """Rows of ``taxonomy_quality`` by taxonomy and version; none until it is made."""
    if not tables.has(TABLE):
        return []
    return tables.frame(TABLE).sort("taxonomy", "version").to_dicts()


def unstable_categories(tables: Tables, version: Version) -> frozenset[str]:
    """The ids of the categories that do not hold when the version is grown again."""
    if not tables.has(CATEGORY_TABLE):
        return frozenset()
    rows = tables.frame(CATEGORY_TABLE).filter(
        pl.col("taxonomy") == version.taxonomy,
        pl.col("version") == version.number,
        pl.col("is_unstable").fill_null(value=False),
    )
    return frozenset(rows["category_id"].to_list())
