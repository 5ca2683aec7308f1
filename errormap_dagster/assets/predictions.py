"""Predictions, the picks of correct ones, and the failures among them."""

import time
from typing import Any

import dagster as dg

from errormap_dagster.assets.partitions import materialize_evaluations
from errormap_dagster.assets.spec import BY_EVALUATION, table_arguments
from errormap_dagster.metadata import materialized
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages import predictions as stage


@dg.asset(**table_arguments("raw_predictions", deps=["landed_files"]), **BY_EVALUATION)
def raw_predictions(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> dg.MaterializeResult[Any]:
    """Settle trials, duplicates and conflicts of each evaluation's landed rows."""
    opened = project.open()
    told = materialize_evaluations(
        context, opened, "raw_predictions", lambda e: stage.raw_predictions(opened, e)
    )
    return dg.MaterializeResult(metadata=told)


@dg.asset(**table_arguments("informative_correct_predictions", deps=["raw_predictions"]))
def informative_correct_predictions(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> dg.MaterializeResult[Any]:
    """Pick correct outputs for each example, once; earlier picks stay."""
    started = time.monotonic()
    opened = project.open()
    made = stage.pick_for_datasets(opened)
    context.log.info(f"picks made for {len(made)} datasets")
    rows = opened.store.scan("informative_correct_predictions")
    told = materialized("informative_correct_predictions", rows, time.monotonic() - started)
    return dg.MaterializeResult(metadata={**told, "n_datasets_made": len(made)})


@dg.asset(**table_arguments("failures", deps=["raw_predictions"]), **BY_EVALUATION)
def failures(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> dg.MaterializeResult[Any]:
    """Find the failed predictions of each evaluation and sample those the judge reads."""
    opened = project.open()
    told = materialize_evaluations(context, opened, "failures", lambda e: stage.failures(opened, e))
    n_sampled = opened.store.scan("failures").select("is_sampled").sum().collect().item()
    return dg.MaterializeResult(metadata={**told, "n_sampled": int(n_sampled or 0)})
