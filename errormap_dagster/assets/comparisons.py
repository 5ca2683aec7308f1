"""Comparisons of models on the same examples."""

import time
from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from errormap_dagster.assets.spec import table_spec
from errormap_dagster.metadata import materialized, table_value
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.comparisons import chosen_pairs, make_comparisons
from errormap_dagster.tables import COMPARISON_TABLES

_SHOWN = 20


@dg.multi_asset(
    specs=[
        table_spec(table, deps=["raw_predictions", "failure_ledger", "taxonomy_categories"])
        for table in COMPARISON_TABLES
    ],
    name="comparison",
)
def model_comparison(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> Iterator[dg.MaterializeResult[Any]]:
    """Compare pairs of models, and each model with the mean of all."""
    started = time.monotonic()
    opened = project.open()
    make_comparisons(opened)
    context.log.info(f"{len(chosen_pairs(opened))} pairs of models")
    for table in COMPARISON_TABLES:
        rows = opened.store.scan(table)
        told = materialized(table, rows, time.monotonic() - started)
        yield dg.MaterializeResult(asset_key=table, metadata={**told, **_significant(rows)})


def _significant(rows: pl.LazyFrame) -> dict[str, dg.MetadataValue]:
    """The surest differences of a table that has some."""
    if "is_significant" not in rows.collect_schema():
        return {}
    surest = rows.filter("is_significant").sort("q_value", maintain_order=True).head(_SHOWN)
    return {"surest_differences": table_value(surest.collect())}
