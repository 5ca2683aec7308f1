"""How good the taxonomies are: stability, coverage, agreement, confusion, and the crosswalk."""

import time
from collections.abc import Iterator
from typing import Any

import dagster as dg

from errormap_dagster.assets.spec import table_arguments, table_spec
from errormap_dagster.metadata import counts, materialized, spent, table_value
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.crosswalk import make_crosswalk
from errormap_dagster.stages.taxonomy_quality import make_stability, make_taxonomy_quality
from errormap_dagster.tables import CROSSWALK, QUALITY_TABLES, STABILITY


@dg.asset(
    **table_arguments(
        STABILITY,
        # After the row flow, which may make a candidate that is measured like the others.
        deps=[
            *("taxonomy_versions", "taxonomy_inputs", "category_assignments"),
            "taxonomy_row_flow",
        ],
    )
)
def taxonomy_stability(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> dg.MaterializeResult[Any]:
    """Grow each grown version again, and match the categories by the errors that they share."""
    started = time.monotonic()
    opened = project.open(context.run.run_id)
    make_stability(opened)
    told = materialized(STABILITY, opened.store.scan(STABILITY), time.monotonic() - started)
    return dg.MaterializeResult(metadata={**told, **spent(opened.judge.effort())})


@dg.multi_asset(
    specs=[
        table_spec(
            table,
            deps=["taxonomy_versions", "taxonomy_inputs", STABILITY, "category_assignments"],
        )
        for table in QUALITY_TABLES
    ],
    name="taxonomy_quality",
)
def taxonomy_quality(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> Iterator[dg.MaterializeResult[Any]]:
    """Measure each version and each of its categories."""
    started = time.monotonic()
    opened = project.open(context.run.run_id)
    make_taxonomy_quality(opened)
    effort = spent(opened.judge.effort())
    versions = table_value(opened.store.read(QUALITY_TABLES[0]))
    for table in QUALITY_TABLES:
        told = materialized(table, opened.store.scan(table), time.monotonic() - started)
        yield dg.MaterializeResult(
            asset_key=table, metadata={**told, **effort, "versions": versions}
        )


@dg.asset(
    **table_arguments(
        CROSSWALK, deps=["taxonomy_versions", "category_assignments", "taxonomy_row_flow"]
    ),
)
def taxonomy_crosswalk(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> dg.MaterializeResult[Any]:
    """Say what each category of a version that was not shipped is in the atlas."""
    started = time.monotonic()
    opened = project.open(context.run.run_id)
    make_crosswalk(opened)
    rows = opened.store.scan(CROSSWALK)
    told = materialized(CROSSWALK, rows, time.monotonic() - started)
    effort = spent(opened.judge.effort())
    return dg.MaterializeResult(
        metadata={**told, **effort, "n_by_relation": counts(rows, "relation")}
    )


QUALITY_ASSETS = [taxonomy_stability, taxonomy_quality, taxonomy_crosswalk]
