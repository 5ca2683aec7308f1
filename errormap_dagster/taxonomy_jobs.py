"""Jobs that people start on a taxonomy: decide about a version, and grow a candidate.

What they change is told as materializations of the taxonomy's assets, whose data version is that of
the versions in force: so the UI marks assignments and signatures as stale after an approval.
"""

from enum import Enum

import dagster as dg
from pydantic import Field

from errormap_dagster.jobs import EVERYTHING, FOLLOW_TAG
from errormap_dagster.metadata import spent
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.candidates import grow_candidate
from errormap_dagster.stages.decisions import approve, retire, version_key
from errormap_dagster.taxonomy_metadata import tell_changes

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


@dg.op(name="decide", description="Approve or retire a version of a taxonomy.")
def _decide(
    context: dg.OpExecutionContext, config: DecisionConfig, project: ProjectResource
) -> None:
    opened = project.open(context.run_id)
    act = approve if config.verdict is Verdict.APPROVE else retire
    act(opened, version_key(config.version), config.by, config.reason)
    tell_changes(context, opened)


@dg.op(name="grow", description="Grow the induced taxonomy anew on the version in force.")
def _grow(context: dg.OpExecutionContext, project: ProjectResource) -> None:
    opened = project.open(context.run_id)
    made = grow_candidate(opened, context.run_id)
    for claim in made.unfounded:
        context.log.warning(f"the judge claims what the trees do not bear out: {claim}")
    told = f"candidate: {made.key or 'none, nothing would change'}"
    context.log.info(f"{told}; effort: {spent(opened.judge.effort())}")
    if made.key:
        tell_changes(context, opened)


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
