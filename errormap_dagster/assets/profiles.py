"""What the datasets measure."""

import time
from collections.abc import Iterator
from typing import Any

import dagster as dg

from errormap_dagster.assets.spec import table_spec
from errormap_dagster.metadata import materialized
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.profiles import make_profiles
from errormap_dagster.tables import PROFILE_TABLES


@dg.multi_asset(
    specs=[
        table_spec(table, deps=["raw_predictions", "failure_ledger", "taxonomy_categories"])
        for table in PROFILE_TABLES
    ],
    name="profile",
)
def profile(project: ProjectResource) -> Iterator[dg.MaterializeResult[Any]]:
    """Say how the failures on each dataset spread, and which datasets are alike."""
    started = time.monotonic()
    opened = project.open()
    make_profiles(opened)
    for table in PROFILE_TABLES:
        told = materialized(table, opened.store.scan(table), time.monotonic() - started)
        yield dg.MaterializeResult(asset_key=table, metadata=told)
