"""Judging as a stage: sampled failures in, ``judged_errors`` out.

A failure that the same judge has read before keeps its row: an added or corrected prediction
costs the judge that one prediction.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

import polars as pl

from errormap_dagster import progress
from errormap_dagster.contracts.registry import empty_frame
from errormap_dagster.domain.correct_predictions import correct_outputs_of_others
from errormap_dagster.domain.records import FailureCase
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.fingerprints import partition_of
from errormap_dagster.judge.analyse import Reader, cases_from, judged_errors_frame, reader
from errormap_dagster.project import Project
from errormap_dagster.store import Store

_CASE_COLUMNS = ["prediction_id", "input_text", "output_text", "correct_answer"]
_WORK = "failures_read"
_CASES_AT_ONCE = 2000
"""Bounds memory: texts of this many failures are held at a time."""


class FailureJudging:
    """Judges evaluations one by one with one set of worker processes."""

    def __init__(self, project: Project, read: Reader) -> None:
        self._project = project
        self._read = read
        self.n_read = 0
        """Failures that the judge was asked about, beside those whose answer was kept."""

    def __call__(self, evaluation: Evaluation) -> Iterator[pl.DataFrame]:
        """The rows of ``judged_errors`` of one evaluation, sorted by prediction_id."""
        sampled = _sampled(self._project, evaluation)
        known = _judged_alike(self._project, evaluation)
        kept = known.join(sampled, on="prediction_id", how="semi")
        new = sampled.join(known, on="prediction_id", how="anti").sort("prediction_id")
        progress.advance(_WORK, kept.height)
        made = [
            self._judge(evaluation, new.slice(start, _CASES_AT_ONCE))
            for start in range(0, new.height, _CASES_AT_ONCE)
        ]
        yield pl.concat([kept, *made]).sort("prediction_id")

    def _judge(self, evaluation: Evaluation, failures: pl.DataFrame) -> pl.DataFrame:
        cases = _cases(self._project, evaluation, failures)
        self.n_read += len(cases)
        analyses = progress.counted(self._read(cases), _WORK)
        return judged_errors_frame(self._project.judge, cases, analyses)


@contextmanager
def failure_judging(
    project: Project, evaluations: Sequence[Evaluation]
) -> Generator[FailureJudging]:
    """Worker processes for judging these evaluations, ended when the work is done."""
    n_failures = sum(_sampled(project, evaluation).height for evaluation in evaluations)
    progress.begin(_WORK, n_failures)
    with reader(project.judge, project.settings.judge.workers, n_failures) as read:
        yield FailureJudging(project, read)


def grounded_share(store: Store) -> float:
    """Share of the quotes in ``judged_errors`` that stand in the outputs; 1 without any quote."""
    found = (
        store.scan("judged_errors")
        .select(pl.col("criteria").explode().struct.field("is_evidence_found").drop_nulls())
        .select(pl.col("is_evidence_found").mean())
    )
    share = found.collect(engine="streaming").item()
    return 1.0 if share is None else float(share)


def _sampled(project: Project, evaluation: Evaluation) -> pl.DataFrame:
    failures = project.store.scan("failures", partition_of(evaluation))
    return failures.filter("is_sampled").collect()


def _judged_alike(project: Project, evaluation: Evaluation) -> pl.DataFrame:
    """Rows that this judge made before under the same rules and settings."""
    if not project.fingerprints.is_judged_alike(evaluation):
        return empty_frame("judged_errors")
    # A judge that failed on a row is asked again whenever its evaluation is worked on.
    rows = project.store.scan("judged_errors", partition_of(evaluation))
    return rows.filter(pl.col("outcome") != "judge_failed").collect()


def _cases(project: Project, evaluation: Evaluation, failures: pl.DataFrame) -> list[FailureCase]:
    texts = (
        project.store.scan("raw_predictions", partition_of(evaluation))
        .select(_CASE_COLUMNS)
        .join(failures.lazy().select("prediction_id"), on="prediction_id", how="semi")
    )
    picks = project.store.scan(
        "informative_correct_predictions", {"dataset": evaluation.dataset}
    ).collect()
    k = project.settings.correct_predictions.per_example
    outputs = correct_outputs_of_others(failures, picks, k)
    columns = ["prediction_id", "dataset", "model", "example_id", "score", "threshold"]
    cases = (
        failures.select(columns)
        .join(texts.collect(), on="prediction_id", how="left")
        .join(outputs, on="prediction_id", how="left")
        .sort("prediction_id")
    )
    return cases_from(cases)
