"""Second readings of what the judge read, and how far they agree with it."""

import time
from collections.abc import Iterator
from typing import Any

import dagster as dg

from errormap_dagster.assets.spec import table_spec
from errormap_dagster.metadata import materialized, spent
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.trust import make_trust
from errormap_dagster.tables import TRUST_TABLES


@dg.multi_asset(
    specs=[
        table_spec(
            table,
            deps=["failures", "judged_errors", "category_assignments", "evaluations"],
        )
        for table in TRUST_TABLES
    ],
    name="trust",
)
def trust(project: ProjectResource) -> Iterator[dg.MaterializeResult[Any]]:
    """Hold the judge's categories against those of other readers."""
    started = time.monotonic()
    opened = project.open()
    effort = make_trust(opened)
    for table in TRUST_TABLES:
        told = materialized(table, opened.store.scan(table), time.monotonic() - started)
        yield dg.MaterializeResult(asset_key=table, metadata={**told, **spent(effort)})
