"""The report: one HTML file for people, made at the end of each refresh."""

from typing import Any

import dagster as dg

from errormap_dagster.assets.spec import OWNER
from errormap_dagster.fingerprints import REPORT_VERSION
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.publishing import make_report

_READ = (
    *("raw_predictions", "judged_errors", "category_assignments", "taxonomy_categories"),
    *("failure_ledger", "signatures", "judge_trust", "taxonomy_category_quality"),
)


@dg.asset(
    deps=list(_READ),
    group_name="results",
    code_version=REPORT_VERSION,
    owners=[OWNER],
    tags={"layer": "python"},
    kinds={"html"},
)
def report(
    context: dg.AssetExecutionContext, project: ProjectResource
) -> dg.MaterializeResult[Any]:
    """One HTML file that opens from disk: findings, signatures, model cards, examples."""
    opened = project.open()
    is_new = make_report(opened)
    path = opened.home.report
    context.log.info(f"{path} {'written' if is_new else 'stands as it is'}")
    size = path.stat().st_size
    return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(path), "n_bytes": size})
