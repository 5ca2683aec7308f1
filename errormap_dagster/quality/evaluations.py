"""Two checks of where the evaluations stand: which could not be made, and what is stale and why."""

import dagster as dg
import polars as pl

from errormap_dagster.metadata import table_value
from errormap_dagster.quality.results import as_frame
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.staleness import AFTER_THE_TABLES, pending_work

_SHOWN = 20


@dg.asset_check(
    # The last table of all: a run that could not make everything fails when all else is done.
    asset="rpt_dataset_health",
    name="every_evaluation_is_made",
    blocking=True,
    description="No evaluation met an error in the last run that worked on it.",
)
def every_evaluation_is_made(project: ProjectResource) -> dg.AssetCheckResult:
    """Name the evaluations that could not be made, each with the table and the reason."""
    met = project.open().obstacles.all()
    told = "; ".join(map(str, met[:_SHOWN]))
    rest = f"; and {len(met) - _SHOWN} more" if len(met) > _SHOWN else ""
    return dg.AssetCheckResult(
        passed=not met,
        description=f"{len(met)} could not be made: {told}{rest}" if met else None,
        metadata={
            "n_not_made": len(met),
            "not_made": table_value(
                pl.DataFrame(
                    [(o.table, *o.evaluation, o.reason) for o in met],
                    schema=["table", "dataset", "model", "reason"],
                    orient="row",
                )
            ),
        },
    )


@dg.asset_check(
    asset="signatures",
    name="up_to_date",
    description="Nothing is stale: no new data, no changed setting, judge, prompt or code. "
    "Execute it at any time to see what a run would make, and why.",
)
def up_to_date(project: ProjectResource) -> dg.AssetCheckResult:
    """Say what ``errormap status`` says; views and report are made after this check."""
    pending = [work for work in pending_work(project.open()) if work.table not in AFTER_THE_TABLES]
    return dg.AssetCheckResult(
        passed=not pending,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{work.table}: {work.reason}" for work in pending) or None,
        metadata={"a_run_would_make": table_value(as_frame(pending))},
    )


EVALUATION_CHECKS = [every_evaluation_is_made, up_to_date]
