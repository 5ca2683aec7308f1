"""The method from files to signatures in one call, without Dagster: for notebooks and scripts.

The assets run the same stages one by one, with checks between them and their lineage recorded.
"""

from collections.abc import Callable, Iterable, Sequence
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
    predictions,
    results,
    row_flows,
    signature_history,
    taxonomies,
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
    """Land files and make every table that is missing or stale, up to the signatures.

    Args:
        project: the opened home.
        paths: files or folders to land besides the home's landing folder.
        run_id: stands in the taxonomy's versions.

    Raises:
        IngestError: a path does not exist.
        IncompleteError: some evaluations could not be made; all others were.
        JudgeStoppedError: the judge cannot go on.
    """
    with project.home.alone():
        land(project, paths)
        landed = project.landing.evaluations()

        def write(table: str, make: Make) -> None:
            make_evaluations(project, table, landed, make)

        write("raw_predictions", lambda e: predictions.raw_predictions(project, e))
        predictions.pick_for_datasets(project)
        write("failures", lambda e: predictions.failures(project, e))
        pending = evaluations_to_make(project, "judged_errors", landed)
        write("judged_errors", failure_judging(project, pending))
        taxonomies.make_taxonomies(project, run_id)
        pending = evaluations_to_make(project, "category_assignments", landed)
        write("category_assignments", assignments.ErrorAssignment(project, pending))
        calls.make_judge_calls(project)
        results.make_evaluation_table(project)
        results.make_ledger(project)
        results.make_signatures(project)
        signature_history.note_refresh(project, run_id)
        row_flows.make_row_flow(project)
    if met := project.obstacles.all():
        raise IncompleteError("Could not be made: " + "; ".join(map(str, met)))
