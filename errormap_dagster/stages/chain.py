"""The method from files to signatures in one call, without Dagster: for notebooks and scripts.

The assets run the same stages one by one, with checks between them and their lineage recorded.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import polars as pl

from errormap_dagster import progress
from errormap_dagster.errors import ErrorMapError, IncompleteError, JudgeStoppedError
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.fingerprints import partition_of
from errormap_dagster.obstacles import Obstacle
from errormap_dagster.project import Project
from errormap_dagster.stages import (
    assignments,
    calls,
    comparisons,
    crosswalk,
    gold,
    predictions,
    profiles,
    proposals,
    results,
    row_flows,
    signature_history,
    taxonomies,
    taxonomy_quality,
    trust,
)
from errormap_dagster.stages.judging import failure_judging
from errormap_dagster.stages.landing import land

Make = Callable[[Evaluation], pl.DataFrame | Iterable[pl.DataFrame]]


class Made(NamedTuple):
    """What became of the evaluations of one table.

    Attributes:
        made: written now.
        n_unchanged: stood as they should.
        waiting: stale, but what they are made from could not be made.
        obstacles: why the others could not be made.
        is_worth_a_retry: whether one of the obstacles may be gone in a moment.
    """

    made: list[Evaluation]
    n_unchanged: int
    waiting: list[Evaluation]
    obstacles: list[Obstacle]
    is_worth_a_retry: bool


def evaluations_to_make(
    project: Project, table: str, evaluations: Iterable[Evaluation]
) -> list[Evaluation]:
    """Those whose rows are stale and can be made."""
    marks = project.fingerprints
    return [e for e in evaluations if not marks.is_fresh(table, e) and marks.is_ready(table, e)]


def make_evaluations(
    project: Project, table: str, evaluations: Sequence[Evaluation], make: Make
) -> Made:
    """Write the stale evaluations of a table, one file each; one that fails stops no other.

    Raises:
        JudgeStoppedError: the judge cannot go on, whichever evaluation is next.
    """
    project.store.declare(table)
    marks = project.fingerprints
    stale = [e for e in evaluations if not marks.is_fresh(table, e)]
    ready = [e for e in stale if marks.is_ready(table, e)]
    errors: dict[Evaluation, Exception] = {}
    for evaluation in progress.track(ready, table):
        mark = marks.of(table)(evaluation)
        try:
            project.store.write(table, make(evaluation), mark, partition_of(evaluation))
        except JudgeStoppedError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            errors[evaluation] = error
    met = [Obstacle(table, evaluation, _told(error)) for evaluation, error in errors.items()]
    project.obstacles.note(table, list(evaluations), met)
    return Made(
        made=[e for e in ready if e not in errors],
        n_unchanged=len(evaluations) - len(stale),
        waiting=[e for e in stale if e not in set(ready)],
        obstacles=met,
        is_worth_a_retry=any(isinstance(error, OSError) for error in errors.values()),
    )


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, ErrorMapError) else f"{type(error).__name__}: {error}"


def run_chain(project: Project, paths: Sequence[str | Path] = (), run_id: str = "script") -> None:
    """Land files and make every table that is missing or stale, up to the results.

    Args:
        project: the opened home.
        paths: files or folders to land besides the home's landing folder.
        run_id: stands in the taxonomy's versions.

    Raises:
        IngestError: a path does not exist.
        IncompleteError: some evaluations could not be made; all others were.
        JudgeStoppedError: the judge cannot go on.
    """
    with project.home.alone(), closing(project):
        land(project, paths)
        make_failures(project)
        make_judgements(project, run_id)
        results.make_evaluation_table(project)
        results.make_ledger(project)
        results.make_signatures(project)
        signature_history.note_refresh(project, run_id)
        proposals.propose_candidates(project, run_id)
        row_flows.make_row_flow(project)
        taxonomy_quality.make_stability(project)
        taxonomy_quality.make_taxonomy_quality(project)
        crosswalk.make_crosswalk(project)
        comparisons.make_comparisons(project)
        profiles.make_profiles(project)
        gold.make_gold(project)
        trust.make_trust(project)
        calls.make_judge_calls(project)
    if met := project.obstacles.all():
        raise IncompleteError("Could not be made: " + "; ".join(map(str, met)))


def make_failures(project: Project) -> None:
    """Make what is missing or stale from the landed rows to the failures; no judge is asked."""
    landed = project.landing.evaluations()
    raw = predictions.raw_predictions
    make_evaluations(project, "raw_predictions", landed, lambda e: raw(project, e))
    predictions.pick_for_datasets(project)
    make_evaluations(project, "failures", landed, lambda e: predictions.failures(project, e))


def make_judgements(project: Project, run_id: str) -> None:
    """Make what is missing or stale of all that a judge is asked for.

    Raises:
        JudgeStoppedError: the judge cannot go on.
    """
    landed = project.landing.evaluations()
    pending = evaluations_to_make(project, "judged_errors", landed)
    make_evaluations(project, "judged_errors", landed, failure_judging(project, pending))
    taxonomies.make_taxonomies(project, run_id)
    make_assignments(project)


def make_assignments(project: Project) -> None:
    """Put the judged errors into the taxonomies in force where that is missing or stale.

    Raises:
        JudgeStoppedError: the judge cannot go on.
    """
    landed = project.landing.evaluations()
    pending = evaluations_to_make(project, "category_assignments", landed)
    make = assignments.ErrorAssignment(project, pending)
    make_evaluations(project, "category_assignments", landed, make)
