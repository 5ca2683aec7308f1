"""The code location: every asset, check, job and resource of the project.

``build_definitions`` takes other resources in, so that tests and scripts use the real graph.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from errormap_dagster.assets import (
    assignments,
    comparisons,
    gold,
    judging,
    landing,
    predictions,
    profiles,
    report,
    results,
    taxonomies,
    taxonomy_quality,
    trust,
)
from errormap_dagster.assets.dbt import warehouse_assets
from errormap_dagster.automation import (
    failed_runs,
    following_sensor,
    landing_sensor,
    nightly_schedule,
)
from errormap_dagster.home import Home
from errormap_dagster.jobs import JOBS
from errormap_dagster.lineage_events import lineage_sensors, parents_of
from errormap_dagster.quality.conservation import CONSERVATION_CHECKS
from errormap_dagster.quality.contracts import contract_check, expectations_check
from errormap_dagster.quality.drift import failure_rate_drift
from errormap_dagster.quality.evaluations import EVALUATION_CHECKS
from errormap_dagster.quality.grounding import grounded
from errormap_dagster.quality.novelty import novelty
from errormap_dagster.quality.regressions import no_regression
from errormap_dagster.quality.taxonomies import taxonomy_checks
from errormap_dagster.resources.dbt import dbt_resource, prepared_project
from errormap_dagster.resources.judge import JudgeResource
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.settings import load_settings
from errormap_dagster.tables import CODE_VERSIONS
from errormap_dagster.taxonomy_jobs import decide_job, grow_job

_ASSETS = [
    landing.landing,
    predictions.raw_predictions,
    predictions.informative_correct_predictions,
    predictions.failures,
    judging.judged_errors,
    taxonomies.taxonomy,
    taxonomies.taxonomy_row_flow,
    assignments.category_assignments,
    *taxonomy_quality.QUALITY_ASSETS,
    judging.judge_calls,
    results.evaluations,
    results.failure_ledger,
    results.signatures,
    comparisons.model_comparison,
    gold.gold,
    profiles.profile,
    trust.trust,
    results.refreshes,
    report.report,
]
_CHECKS = [
    *(contract_check(table) for table in CODE_VERSIONS),
    *(expectations_check(table) for table in CODE_VERSIONS),
    *CONSERVATION_CHECKS,
    *EVALUATION_CHECKS,
    failure_rate_drift,
    no_regression,
    grounded,
    novelty,
]


def build_definitions(resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Everything Dagster is to know, over the home of the environment.

    Args:
        resources: replace resources of the same name.
    """
    home = Home.locate().prepare()
    settings = load_settings(home.settings_file)
    dbt_project = prepared_project(home)
    judge = JudgeResource.configure_at_launch()
    assets = [*_ASSETS, warehouse_assets(dbt_project)]
    parents = parents_of(spec for asset in assets for spec in asset.specs)
    return dg.Definitions(
        assets=assets,
        asset_checks=[*_CHECKS, *taxonomy_checks(settings)],
        jobs=[*JOBS.values(), decide_job, grow_job],
        sensors=[
            *(landing_sensor(settings), following_sensor(), failed_runs),
            *lineage_sensors(settings, parents),
        ],
        schedules=[nightly_schedule(settings)],
        resources={
            "judge": judge,
            "project": ProjectResource(judge=judge),
            "dbt": dbt_resource(dbt_project),
            **(resources or {}),
        },
        # One process shares the imports; a deployment with many workers configures its own.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions that ``workspace.yaml`` loads."""
    return build_definitions()
