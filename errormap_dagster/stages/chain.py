"""The method from files to signatures in one call, without Dagster: for notebooks and scripts.

The assets run the same stages one by one, with checks between them and their lineage recorded.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import polars as pl

from errormap_dagster import progress
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.fingerprints import partition_of
from errormap_dagster.project import Project
from errormap_dagster.stages import assignments, calls, predictions, results, taxonomies
from errormap_dagster.stages.judging import failure_judging
from errormap_dagster.stages.landing import land
from errormap_dagster.store import Store

Frames = pl.DataFrame | Iterable[pl.DataFrame]
Fingerprint = Callable[[Evaluation], str]


def stale_evaluations(
    store: Store, table: str, evaluations: Iterable[Evaluation], fingerprint: Fingerprint
) -> list[Evaluation]:
    """The evaluations whose rows of a table are missing or were made from something else."""
    return [e for e in evaluations if store.fingerprint(table, partition_of(e)) != fingerprint(e)]


def write_evaluations(
    store: Store,
    table: str,
    evaluations: Sequence[Evaluation],
    fingerprint: Fingerprint,
    make: Callable[[Evaluation], Frames],
) -> None:
    """Write the rows of these evaluations, one file each."""
    store.declare(table)
    for evaluation in progress.track(evaluations, table):
        store.write(table, make(evaluation), fingerprint(evaluation), partition_of(evaluation))


def run_chain(project: Project, paths: Sequence[str | Path] = (), run_id: str = "script") -> None:
    """Land files and make every table that is missing or stale, up to the signatures.

    Args:
        project: the opened home.
        paths: files or folders to land besides the home's landing folder.
        run_id: stands in the taxonomy's versions.

    Raises:
        IngestError: a path does not exist.
        SettingsError: a dataset needs a setting that is missing.
    """
    land(project, paths)
    marks = project.fingerprints

    def write(table: str, fingerprint: Fingerprint, make: Callable[[Evaluation], Frames]) -> None:
        landed = project.landing.evaluations()
        stale = stale_evaluations(project.store, table, landed, fingerprint)
        write_evaluations(project.store, table, stale, fingerprint, make)

    write(
        "raw_predictions", marks.raw_predictions, lambda e: predictions.raw_predictions(project, e)
    )
    predictions.pick_for_datasets(project)
    write("failures", marks.failures, lambda e: predictions.failures(project, e))
    pending = marks.pending_evaluations("judged_errors")
    write("judged_errors", marks.judged_errors, failure_judging(project, pending))
    taxonomies.make_taxonomies(project, run_id)
    pending = marks.pending_evaluations("category_assignments")
    assign = assignments.ErrorAssignment(project, pending)
    write("category_assignments", marks.category_assignments, assign)
    calls.make_judge_calls(project)
    results.make_ledger(project)
    results.make_signatures(project)
