"""The taxonomies: their versions, categories, changes and decisions, and where the errors went."""

import time
from collections.abc import Iterator
from typing import Any

import dagster as dg

from errormap_dagster.assets.spec import table_arguments, table_spec
from errormap_dagster.metadata import materialized, spent
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.proposals import propose_candidates
from errormap_dagster.stages.row_flows import make_row_flow
from errormap_dagster.stages.taxonomies import make_taxonomies
from errormap_dagster.tables import INDUCTION_TABLES, TAXONOMY_TABLES
from errormap_dagster.taxonomy_metadata import change_log, data_version, tell_changes


@dg.multi_asset(
    specs=[
        table_spec(table, deps=["judged_errors"]) for table in (*TAXONOMY_TABLES, *INDUCTION_TABLES)
    ],
    name="taxonomy",
)
def taxonomy(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> Iterator[dg.MaterializeResult[Any]]:
    """Make the first version of each taxonomy that has none."""
    started = time.monotonic()
    opened = project.open(context.run.run_id)
    made = make_taxonomies(opened, context.run.run_id)
    context.log.info(f"taxonomies made: {', '.join(made) or 'none, all stand'}")
    effort, log = spent(opened.judge.effort()), change_log(opened)
    for table in (*TAXONOMY_TABLES, *INDUCTION_TABLES):
        told = materialized(table, opened.store.scan(table), time.monotonic() - started)
        yield dg.MaterializeResult(
            asset_key=table,
            metadata={**told, **effort, **log},
            data_version=data_version(opened, table),
        )


@dg.asset(
    **table_arguments("taxonomy_row_flow", deps=["taxonomy_versions", "category_assignments"])
)
def taxonomy_row_flow(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> dg.MaterializeResult[Any]:
    """Make the candidates that are due, and count where errors went from parent to version."""
    started = time.monotonic()
    opened = project.open(context.run.run_id)
    if made := propose_candidates(opened, context.run.run_id):
        context.log.info(f"candidates that wait for a decision: {', '.join(map(str, made))}")
        tell_changes(context, opened)
    make_row_flow(opened)
    rows = opened.store.scan("taxonomy_row_flow")
    told = materialized("taxonomy_row_flow", rows, time.monotonic() - started)
    return dg.MaterializeResult(metadata={**told, **spent(opened.judge.effort())})
