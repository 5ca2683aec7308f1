"""The category of every judged error in each taxonomy."""

from typing import Any

import dagster as dg

from errormap_dagster.assets.partitions import materialize_evaluations
from errormap_dagster.assets.spec import BY_EVALUATION, table_arguments
from errormap_dagster.metadata import counts
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages import assignments as stage

_TABLE = "category_assignments"


@dg.asset(
    **table_arguments(_TABLE, deps=["judged_errors", "taxonomy_versions", "taxonomy_categories"]),
    **BY_EVALUATION,
)
def category_assignments(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> dg.MaterializeResult[Any]:
    """Put each error of an evaluation into one category, or say why there is none."""
    opened = project.open()
    told = materialize_evaluations(
        context, opened, _TABLE, lambda e: stage.category_assignments(opened, e)
    )
    statuses = counts(opened.store.scan(_TABLE), "status")
    return dg.MaterializeResult(metadata={**told, "n_by_status": statuses})
