"""Suspect references, and the scores of the models without them."""

import time
from collections.abc import Iterator
from typing import Any

import dagster as dg

from errormap_dagster.assets.spec import table_spec
from errormap_dagster.metadata import materialized
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.gold import make_gold
from errormap_dagster.tables import GOLD_TABLES


@dg.multi_asset(
    specs=[
        table_spec(table, deps=["raw_predictions", "failures", "judged_errors", "evaluations"])
        for table in GOLD_TABLES
    ],
    name="gold",
)
def gold(project: ProjectResource) -> Iterator[dg.MaterializeResult[Any]]:
    """Rank the examples whose reference may be wrong, and count what people said of them."""
    started = time.monotonic()
    opened = project.open()
    make_gold(opened)
    for table in GOLD_TABLES:
        told = materialized(table, opened.store.scan(table), time.monotonic() - started)
        yield dg.MaterializeResult(asset_key=table, metadata=told)
