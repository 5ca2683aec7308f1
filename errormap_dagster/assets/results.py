"""What became of every failure, and the signatures of the models."""

import time
from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from errormap_dagster.assets.spec import table_arguments, table_spec
from errormap_dagster.metadata import FAILURE_RATES, counts, materialized, table_value
from errormap_dagster.queries.tables import Tables
from errormap_dagster.report.summary import signature_summary
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.rates import failure_rates
from errormap_dagster.stages.reports import signature_table
from errormap_dagster.stages.results import (
    make_evaluation_table,
    make_ledger,
    make_signatures,
)
from errormap_dagster.stages.signature_history import note_refresh

_SHOWN = 20


@dg.asset(**table_arguments("evaluations", deps=["raw_predictions", "category_assignments"]))
def evaluations(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> dg.MaterializeResult[Any]:
    """Say of each evaluation whether the results count it, and if not, why."""
    started = time.monotonic()
    opened = project.open()
    make_evaluation_table(opened)
    rows = opened.store.scan("evaluations")
    told = materialized("evaluations", rows, time.monotonic() - started)
    incomplete = table_value(rows.filter(~pl.col("is_complete")).head(_SHOWN).collect())
    context.log.info(f"{len(opened.obstacles.all())} evaluations could not be made")
    return dg.MaterializeResult(
        metadata={**told, "n_complete": counts(rows, "is_complete"), "incomplete": incomplete}
    )


@dg.asset(
    **table_arguments(
        "failure_ledger",
        deps=["failures", "judged_errors", "category_assignments", "evaluations"],
    )
)
def failure_ledger(project: ProjectResource) -> dg.MaterializeResult[Any]:
    """Give every failed prediction its one outcome."""
    started = time.monotonic()
    opened = project.open()
    make_ledger(opened)
    rows = opened.store.scan("failure_ledger")
    told = materialized("failure_ledger", rows, time.monotonic() - started)
    rates = dg.MetadataValue.json(failure_rates(opened.store))
    return dg.MaterializeResult(
        metadata={**told, "n_by_outcome": counts(rows, "outcome"), FAILURE_RATES: rates}
    )


@dg.asset(
    **table_arguments(
        "signatures",
        deps=["raw_predictions", "failure_ledger", "category_assignments", "taxonomy_categories"],
    )
)
def signatures(project: ProjectResource) -> dg.MaterializeResult[Any]:
    """Count each model's errors by category, weighted, with intervals."""
    started = time.monotonic()
    opened = project.open()
    make_signatures(opened)
    told = materialized("signatures", opened.store.scan("signatures"), time.monotonic() - started)
    shown = table_value(signature_table(opened))
    text, plot = signature_summary(Tables(opened.store))
    return dg.MaterializeResult(
        metadata={
            **told,
            "plot": dg.MetadataValue.md(plot),
            "summary": dg.MetadataValue.md(text),
            "signature": shown,
        }
    )


@dg.multi_asset(
    specs=[
        table_spec(table, deps=["signatures", "category_assignments", "taxonomy_categories"])
        for table in ("signature_history", "counted_errors")
    ],
    name="refreshes",
)
def refreshes(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> Iterator[dg.MaterializeResult[Any]]:
    """Keep the signatures that changed, and say what changed them."""
    started = time.monotonic()
    opened = project.open()
    note_refresh(opened, context.run.run_id)
    for table in ("signature_history", "counted_errors"):
        told = materialized(table, opened.store.scan(table), time.monotonic() - started)
        yield dg.MaterializeResult(asset_key=table, metadata=told)
