"""The judge's reading of every sampled failure."""

import time
from typing import Any

import dagster as dg
import polars as pl

from errormap_dagster.assets.partitions import evaluations_of, materialize_evaluations
from errormap_dagster.assets.spec import BY_EVALUATION, table_arguments
from errormap_dagster.metadata import counts, materialized, spent
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.calls import make_judge_calls
from errormap_dagster.stages.chain import evaluations_to_make
from errormap_dagster.stages.judging import failure_judging, grounded_share

_TABLE = "judged_errors"


@dg.asset(
    **table_arguments(_TABLE, deps=["failures", "informative_correct_predictions"]),
    **BY_EVALUATION,
)
def judged_errors(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> dg.MaterializeResult[Any]:
    """Have the judge read what it has not read yet."""
    opened = project.open(context.run.run_id)
    stale = evaluations_to_make(opened, _TABLE, evaluations_of(context))
    judge = failure_judging(opened, stale)
    told = materialize_evaluations(context, opened, _TABLE, judge)
    rows = opened.store.scan(_TABLE)
    cannot_tell = rows.filter(pl.col("outcome") == "error_found", pl.col("error_title").is_null())
    return dg.MaterializeResult(
        metadata={
            **told,
            "n_failures_read": judge.n_read,
            **spent(opened.judge.effort()),
            "n_by_outcome": counts(rows, "outcome"),
            "n_cannot_tell": int(cannot_tell.select(pl.len()).collect().item()),
            "grounded_share": grounded_share(opened.store),
        }
    )


@dg.asset(
    **table_arguments(
        "judge_calls",
        deps=[
            *("judged_errors", "taxonomy_versions", "category_assignments"),
            *("taxonomy_stability", "taxonomy_quality", "taxonomy_crosswalk", "judge_reviews"),
        ],
    )
)
def judge_calls(project: ProjectResource) -> dg.MaterializeResult[Any]:
    """Tell what was asked of a judge behind an endpoint, and what it cost."""
    started = time.monotonic()
    opened = project.open()
    make_judge_calls(opened)
    rows = opened.store.scan("judge_calls")
    told = materialized("judge_calls", rows, time.monotonic() - started)
    return dg.MaterializeResult(metadata={**told, "n_by_status": counts(rows, "status")})
