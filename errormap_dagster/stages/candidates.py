"""Candidates: versions that are made beside the one in force, with every error put into them.

So a person sees before approving where the errors would go, and no number moves until then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from errormap_dagster.domain.change_evidence import EvidenceOfChanges
from errormap_dagster.domain.edit_replay import replay
from errormap_dagster.domain.edits import EditOutcome, Replay
from errormap_dagster.domain.growth import ChangeClaim
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.row_flow import row_flow
from errormap_dagster.domain.taxonomy import TaxonomyError, content_hash, validate_categories
from errormap_dagster.domain.taxonomy_changes import changes_between
from errormap_dagster.domain.taxonomy_versions import (
    Decision,
    Status,
    VersionKey,
    VersionOrigin,
    add_version,
    decide,
    newest_version,
    versions_in,
)
from errormap_dagster.project import Project
from errormap_dagster.stages.assignments import Placed, keep_trial, trial_assignments
from errormap_dagster.stages.induction import induce, keep_induction
from errormap_dagster.stages.row_flows import assignments_under
from errormap_dagster.stages.taxonomies import (
    INDUCED,
    categories_in,
    grown_from,
    load_taxonomies,
    save_taxonomies,
    titled_errors,
)
from errormap_dagster.taxonomy_files.edits_file import load_edits

_EDITS = "taxonomy/edits.yaml"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Categories that somebody would like to have as the next version of a taxonomy.

    Attributes:
        taxonomy: its name.
        categories: one tree, parents before children.
        claims: what they say they changed.
        origin: who made them, of what.
    """

    taxonomy: str
    categories: Sequence[Category]
    claims: Sequence[ChangeClaim]
    origin: VersionOrigin


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a proposal; ``key`` is None when it is equal to the version before."""

    key: VersionKey | None
    unfounded: tuple[ChangeClaim, ...] = ()


def grow_candidate(project: Project, run_id: str, why: str = "") -> Made:
    """Grow the induced taxonomy anew on the version in force, as a candidate.

    Args:
        project: the opened home.
        run_id: stands in the version.
        why: what gave rise to it; stands in its reason.

    Raises:
        TaxonomyError: no error has a title yet.
        JudgeStoppedError: the judge cannot go on.
    """
    errors = titled_errors(project)
    if not errors:
        raise TaxonomyError("No judged error has a title yet. Run `errormap run` first.")
    tables = load_taxonomies(project)
    number = base_version(project, INDUCED)
    base = categories_in(tables, VersionKey(INDUCED, number)) if number else ()
    edits = load_edits(project.home.edits_file)
    induction = induce(project, errors, base)
    grown = induction.growth
    edited = replay(grown.categories, base, edits)
    origin = grown_from(project, induction.inputs.grown_from, run_id, why)
    claims = (*edited.claims, *grown.claims)
    made = make_candidate(project, Proposal(INDUCED, edited.categories, claims, origin))
    if made.key:
        keep_induction(project, *made.key, induction)
    return made


def replay_edits(project: Project) -> Replay:
    """What the edits of the home make of the version that they are for: nothing is written.

    That is the candidate that waits, else the version in force.

    Raises:
        SettingsError: the file of edits holds something that is none.
    """
    edits = load_edits(project.home.edits_file)
    tables = load_taxonomies(project)
    waiting = dict(versions_in(tables, Status.CANDIDATE)).get(INDUCED)
    base = _categories(project, base_version(project, INDUCED))
    return replay(_categories(project, waiting) if waiting else base, base, edits)


def _categories(project: Project, number: int | None) -> Sequence[Category]:
    return categories_in(load_taxonomies(project), VersionKey(INDUCED, number)) if number else ()


def edit_candidate(project: Project, run_id: str) -> Made:
    """Make the edits of the home on the version in force, as a candidate.

    Raises:
        TaxonomyError: there is no version to edit yet.
        SettingsError: the file of edits holds something that is none.
        JudgeStoppedError: the judge cannot go on.
    """
    edits = load_edits(project.home.edits_file)
    base = _categories(project, base_version(project, INDUCED))
    if not base:
        raise TaxonomyError("There is no induced taxonomy to edit yet. Run `errormap run` first.")
    edited = replay(base, base, edits)
    applied = [r.edit for r in edited.results if r.outcome is EditOutcome.APPLIED]
    authors = ", ".join(sorted({edit.author for edit in applied}))
    reason = f"edits {', '.join(str(edit.number) for edit in applied)} of {_EDITS}"
    if not applied:
        return Made(None)
    origin = origin_of_person(authors, reason, run_id)
    return make_candidate(project, Proposal(INDUCED, edited.categories, edited.claims, origin))


def base_version(project: Project, taxonomy: str) -> int | None:
    """The version that a candidate builds on: the one in force, else the newest one."""
    tables = load_taxonomies(project)
    approved = dict(versions_in(tables, Status.APPROVED))
    return approved.get(taxonomy) or newest_version(tables, taxonomy) or None


def make_candidate(project: Project, proposal: Proposal) -> Made:
    """Add a proposal as a candidate, with the evidence for each change; an older one is retired.

    Every judged error is put into it, which costs a judge behind an endpoint its calls; nothing is
    written before that has succeeded.

    Raises:
        TaxonomyError: the categories are no usable tree.
        JudgeStoppedError: the judge cannot go on.
    """
    taxonomy, origin = proposal.taxonomy, proposal.origin
    validate_categories(proposal.categories)
    tables = load_taxonomies(project)
    number = base_version(project, taxonomy)
    base = categories_in(tables, VersionKey(taxonomy, number)) if number else ()
    if number and content_hash(base) == content_hash(proposal.categories):
        return Made(None)
    waiting = [key for key in versions_in(tables, Status.CANDIDATE) if key.taxonomy == taxonomy]
    if waiting and content_hash(categories_in(tables, waiting[-1])) == content_hash(
        proposal.categories
    ):
        return Made(None)
    key = VersionKey(taxonomy, newest_version(tables, taxonomy) + 1)
    trial = trial_assignments(
        project, Placed(key, proposal.categories), project.landing.evaluations()
    )
    difference = changes_between(base, proposal.categories, proposal.claims, origin.reason)
    before = assignments_under(project, VersionKey(taxonomy, number or 0))
    after = pl.concat([before.clear(), *(rows.select(before.columns) for rows in trial.values())])
    evidence = EvidenceOfChanges(base, proposal.categories, row_flow(before, after))
    told = [(change, evidence.of(change)) for change in difference.changes]
    tables = add_version(tables, key, proposal.categories, told, origin, number)
    at, run_id = origin.created_at, origin.run_id
    for other in waiting:
        why = f"version {key.version} takes its place as the candidate"
        tables = decide(tables, Decision(other, Status.RETIRED, origin.actor, why, at, run_id))
    tables = decide(
        tables, Decision(key, Status.CANDIDATE, origin.actor, origin.reason, at, run_id)
    )
    keep_trial(project, trial, key)
    save_taxonomies(project, tables)
    return Made(key, difference.unfounded)


def origin_of_person(who: str, reason: str, run_id: str) -> VersionOrigin:
    """The origin of a version that a person wrote."""
    return VersionOrigin(who, None, None, (), reason, datetime.now(UTC), run_id)
