"""Jobs that people start on a taxonomy: decide about a version, and grow a candidate.

What they change is told as materializations of the taxonomy's assets, whose data version is that of
the versions in force: so the UI marks assignments and signatures as stale after an approval.
"""

from enum import Enum
from typing import Any

import dagster as dg
from pydantic import Field

from errormap_dagster.jobs import EVERYTHING, FOLLOW_TAG
from errormap_dagster.metadata import materialized, spent
from errormap_dagster.project import Project
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.candidates import grow_candidate
from errormap_dagster.stages.decisions import approve, retire, version_key
from errormap_dagster.tables import TAXONOMY_TABLES
from errormap_dagster.taxonomy_metadata import change_log, data_version

DECIDE = "decide_taxonomy"
GROW = "grow_taxonomy"


class Verdict(Enum):
    """What may be decided about a version."""

    APPROVE = "approve"
    RETIRE = "retire"


class DecisionConfig(dg.Config):
    """Who decides what about which version, and why."""

    verdict: Verdict = Field(description="approve puts the version in force; retire takes it out.")
    version: str = Field(description="The version, such as induced@2.")
    by: str = Field(description="Who decides.", min_length=1)
    reason: str = Field(description="Why; it stands in taxonomy_decisions.", min_length=1)


def _tell(context: dg.OpExecutionContext, project: Project) -> None:
    """Say to Dagster that the taxonomy's tables have changed."""
    log = change_log(project)
    for table in TAXONOMY_TABLES:
        told: dict[str, Any] = {**materialized(table, project.store.scan(table), 0.0), **log}
        version = data_version(project, table)
        context.log_event(
            dg.AssetMaterialization(
                table, metadata=told, tags={"dagster/data_version": version.value}
            )
        )


@dg.op(name="decide", description="Approve or retire a version of a taxonomy.")
def _decide(
    context: dg.OpExecutionContext, config: DecisionConfig, project: ProjectResource
) -> None:
    opened = project.open(context.run_id)
    act = approve if config.verdict is Verdict.APPROVE else retire
    act(opened, version_key(config.version), config.by, config.reason)
    _tell(context, opened)


@dg.op(name="grow", description="Grow the induced taxonomy anew on the version in force.")
def _grow(context: dg.OpExecutionContext, project: ProjectResource) -> None:
    opened = project.open(context.run_id)
    made = grow_candidate(opened, context.run_id)
    for claim in made.unfounded:
        context.log.warning(f"the judge claims what the trees do not bear out: {claim}")
    told = f"candidate: {made.key or 'none, nothing would change'}"
    context.log.info(f"{told}; effort: {spent(opened.judge.effort())}")
    if made.key:
        _tell(context, opened)


@dg.job(
    name=DECIDE,
    tags={FOLLOW_TAG: EVERYTHING},
    description="Approve or retire a version of a taxonomy: the config says which, who and why. "
    "The sensor after_landing then starts `everything`, which re-assigns the errors once.",
)
def decide_job() -> None:
    """The one op."""
    _decide()


@dg.job(
    name=GROW,
    description="Grow a candidate of the induced taxonomy beside the version in force. Every error "
    "is put into it; no number moves until somebody approves it.",
)
def grow_job() -> None:
    """The one op."""
    _grow()
