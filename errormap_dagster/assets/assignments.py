"""The category of every judged error in each taxonomy."""

from typing import Any

import dagster as dg

from errormap_dagster.assets.partitions import evaluations_of, materialize_evaluations
from errormap_dagster.assets.spec import BY_EVALUATION, table_arguments
from errormap_dagster.metadata import counts, spent
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.assignments import ErrorAssignment
from errormap_dagster.stages.chain import evaluations_to_make

_TABLE = "category_assignments"


@dg.asset(
    **table_arguments(_TABLE, deps=["judged_errors", "taxonomy_versions", "taxonomy_categories"]),
    **BY_EVALUATION,
)
def category_assignments(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> dg.MaterializeResult[Any]:
    """Put each error of an evaluation into one category, or say why there is none."""
    opened = project.open(context.run.run_id)
    stale = evaluations_to_make(opened, _TABLE, evaluations_of(context))
    told = materialize_evaluations(context, opened, _TABLE, ErrorAssignment(opened, stale))
    statuses = counts(opened.store.scan(_TABLE), "status")
    effort = spent(opened.judge.effort())
    return dg.MaterializeResult(metadata={**told, **effort, "n_by_status": statuses})
