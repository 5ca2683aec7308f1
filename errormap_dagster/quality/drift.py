"""The drift of failure rates since the last run.

The last run's rates stand in the metadata of its failure ledger, in Dagster's instance, so no
table has to remember them.
"""

import dagster as dg
import polars as pl

from errormap_dagster.metadata import FAILURE_RATES, table_value
from errormap_dagster.quality.expectations import check_expectations
from errormap_dagster.quality.results import as_frame
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.rates import failure_rates


def _last_rates(instance: dg.DagsterInstance) -> dict[str, float]:
    event = instance.get_latest_materialization_event(dg.AssetKey("failure_ledger"))
    materialization = event.asset_materialization if event else None
    told = materialization.metadata.get(FAILURE_RATES) if materialization else None
    value = told.value if isinstance(told, dg.JsonMetadataValue) else None
    return {str(k): float(v) for k, v in value.items()} if isinstance(value, dict) else {}


def rate_changes(now: dict[str, float], last: dict[str, float]) -> pl.DataFrame:
    """One row per evaluation that both runs know: its ``failure_rate_change``, -1 to 1."""
    known = [key for key in now if key in last]
    return pl.DataFrame(
        {
            "evaluation": known,
            "failure_rate": [now[key] for key in known],
            "failure_rate_change": [now[key] - last[key] for key in known],
        },
        schema={
            "evaluation": pl.String,
            "failure_rate": pl.Float64,
            "failure_rate_change": pl.Float64,
        },
    )


@dg.asset_check(
    asset="failures",
    name="failure_rate_drift",
    description="No evaluation's failure rate moved further than the contract allows.",
)
def failure_rate_drift(
    context: dg.AssetCheckExecutionContext, project: ProjectResource
) -> dg.AssetCheckResult:
    """Compare each evaluation's failure rate with the last run's."""
    changes = rate_changes(failure_rates(project.open().store), _last_rates(context.instance))
    report = check_expectations("failures", changes.lazy())
    moved = changes.sort(pl.col("failure_rate_change").abs(), descending=True).head(10)
    return dg.AssetCheckResult(
        passed=not report.broken,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "n_evaluations_compared": changes.height,
            "largest_changes": table_value(moved),
            "broken": table_value(as_frame(report.broken)),
        },
    )
