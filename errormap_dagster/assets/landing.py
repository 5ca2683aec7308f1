"""Landing: files become staged rows, a report of each file, and the evaluations to work on."""

import time
from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from errormap_dagster.assets.partitions import register_evaluations
from errormap_dagster.assets.spec import table_spec
from errormap_dagster.metadata import counts, materialized
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.landing import land


class LandingConfig(dg.Config):
    """What to land."""

    paths: list[str] = Field(
        default=[],
        description="Files or folders to land besides the landing folders.",
    )
    only: list[str] | None = Field(
        default=None,
        description="Names of files in the landing folders to read; default: all new ones.",
    )
    source_format: str | None = Field(
        default=None,
        description="Format or declared mapping of those files; told by content if empty.",
    )


@dg.multi_asset(
    specs=[
        table_spec("landed_files", deps=[]),
        table_spec("quarantined_rows", deps=[]),
    ],
    name="landing",
)
def landing(
    context: dg.AssetExecutionContext, config: LandingConfig, project: ProjectResource
) -> Iterator[dg.MaterializeResult[Any]]:
    """Read new and changed files; the evaluations in them become partitions."""
    started = time.monotonic()
    opened = project.open()
    land(opened, config.paths, config.source_format, config.only)
    register_evaluations(context, opened.landing.evaluations())
    seconds = time.monotonic() - started
    for table, column in (("landed_files", "status"), ("quarantined_rows", "reason")):
        rows = opened.store.scan(table)
        told = materialized(table, rows, seconds)
        yield dg.MaterializeResult(table, metadata={**told, "n_by_" + column: counts(rows, column)})
