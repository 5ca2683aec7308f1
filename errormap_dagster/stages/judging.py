"""Judging as a stage: sampled failures in, ``judged_errors`` out.

A failure that the same judge has read before keeps its row: an added or corrected prediction
costs the judge that one prediction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import polars as pl

from errormap_dagster import progress
from errormap_dagster.contracts.registry import empty_frame
from errormap_dagster.domain.correct_predictions import correct_outputs_of_others
from errormap_dagster.domain.records import FailureCase
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.fingerprints import partition_of
from errormap_dagster.frames import collected
from errormap_dagster.judge.analyse import cases_from, judged_errors_frame
from errormap_dagster.judge.interface import AsksAhead
from errormap_dagster.project import Project
from errormap_dagster.stages.streams import AnswerStream
from errormap_dagster.store import Store

_CASE_COLUMNS = ["prediction_id", "input_text", "output_text", "correct_answer"]
_WORK = "failures_read"
_CASES_AT_ONCE = 500
"""Bounds memory: texts of this many failures are read at a time."""
_ROWS_AT_ONCE = 2000


class FailureJudging:
    """Judges evaluations one by one, in the order in which they were named.

    One stream of failures runs through the judge, so that it never waits for an evaluation to end
    before it begins the next.
    """

    def __init__(self, project: Project, evaluations: Sequence[Evaluation]) -> None:
        self._project = project
        judge = project.judge
        ahead = judge.analyse_ahead if isinstance(judge, AsksAhead) else None
        self._stream = AnswerStream(evaluations, self._cases, judge.analyse, ahead)
        self.n_read = 0
        """Failures that the judge was asked about, beside those whose answer was kept."""

    def __call__(self, evaluation: Evaluation) -> Iterator[pl.DataFrame]:
        """The rows of ``judged_errors`` of one evaluation, sorted by prediction_id."""
        kept, new = _kept_and_new(self._project, evaluation)
        progress.advance(_WORK, kept.height)
        made = [
            self._judged(evaluation, min(_ROWS_AT_ONCE, new.height - start))
            for start in range(0, new.height, _ROWS_AT_ONCE)
        ]
        yield pl.concat([kept, *made]).sort("prediction_id")

    def _judged(self, evaluation: Evaluation, n_rows: int) -> pl.DataFrame:
        answered = list(progress.counted(islice(self._stream.of(evaluation), n_rows), _WORK))
        self.n_read += len(answered)
        if len(answered) < n_rows:
            raise ErrorMapError(f"the judge answered {len(answered)} of {n_rows} failures")
        cases, analyses = zip(*answered, strict=True)
        return judged_errors_frame(self._project.judge, cases, analyses)

    def _cases(self, evaluation: Evaluation) -> Iterator[FailureCase]:
        _, new = _kept_and_new(self._project, evaluation)
        yield from _cases_of(self._project, evaluation, new)


def judged_cases(
    project: Project, evaluation: Evaluation, judged: pl.DataFrame
) -> Iterator[FailureCase]:
    """Failures as the judge was shown them, with the correct outputs that there were by then.

    Args:
        project: the opened home.
        evaluation: of the failures.
        judged: rows of ``judged_errors``; at least prediction_id and n_correct_outputs.
    """
    n_shown = dict(judged.select("prediction_id", "n_correct_outputs").iter_rows())
    failures = _sampled(project, evaluation).filter(pl.col("prediction_id").is_in(list(n_shown)))
    # Picks are only ever added, at the end: the first ones are those of that time.
    for case in _cases_of(project, evaluation, failures.sort("prediction_id")):
        yield replace(case, correct_outputs=case.correct_outputs[: n_shown[case.prediction_id]])


def _cases_of(
    project: Project, evaluation: Evaluation, failures: pl.DataFrame
) -> Iterator[FailureCase]:
    for start in range(0, failures.height, _CASES_AT_ONCE):
        part = failures.slice(start, _CASES_AT_ONCE)
        yield from cases_from(_case_rows(project, evaluation, part))


def _kept_and_new(project: Project, evaluation: Evaluation) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of ``judged_errors`` that stand, and the failures that the judge has yet to read."""
    sampled = _sampled(project, evaluation)
    known = _judged_alike(project, evaluation)
    kept = known.join(sampled, on="prediction_id", how="semi")
    new = sampled.join(known, on="prediction_id", how="anti").sort("prediction_id")
    return kept, new


def failure_judging(project: Project, evaluations: Sequence[Evaluation]) -> FailureJudging:
    """The judging of these evaluations, to be asked for one after the other."""
    progress.begin(_WORK, _n_sampled(project, evaluations))
    return FailureJudging(project, evaluations)


def _n_sampled(project: Project, evaluations: Sequence[Evaluation]) -> int:
    if not evaluations:
        return 0
    sampled = project.store.scan("failures").filter("is_sampled")
    counted = sampled.group_by("dataset", "model").len().collect()
    wanted = set(evaluations)
    return sum(n for *key, n in counted.iter_rows() if Evaluation(*key) in wanted)


def grounded_share(store: Store) -> float:
    """Share of the quotes in ``judged_errors`` that stand in the outputs; 1 without any quote."""
    found = (
        store.scan("judged_errors")
        .select(pl.col("criteria").explode().struct.field("is_evidence_found").drop_nulls())
        .select(pl.col("is_evidence_found").mean())
    )
    share = found.collect(engine="streaming").item()
    return 1.0 if share is None else float(share)


def grounded_shares(store: Store) -> pl.DataFrame:
    """For each judge and dataset the quotes and the share of them that stand in the outputs."""
    key = ["judge", "dataset"]
    rows = store.scan("judged_errors").select(*key, pl.col("criteria")).explode("criteria")
    found = rows.select(*key, found=pl.col("criteria").struct.field("is_evidence_found"))
    grouped = found.drop_nulls("found").group_by(key)
    shares = grouped.agg(n_quotes=pl.len(), grounded_share=pl.mean("found")).sort(key)
    return shares.collect()


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


def _case_rows(project: Project, evaluation: Evaluation, failures: pl.DataFrame) -> pl.DataFrame:
    """The fields of ``FailureCase`` for some failures of an evaluation."""
    texts = (
        project.store.scan("raw_predictions", partition_of(evaluation))
        .select(_CASE_COLUMNS)
        .join(failures.lazy().select("prediction_id"), on="prediction_id", how="semi")
    )
    picks = collected(
        project.store.scan("informative_correct_predictions", {"dataset": evaluation.dataset}).join(
            failures.lazy(), on=["dataset", "example_id"], how="semi"
        )
    )
    k = project.settings.correct_predictions.per_example
    outputs = correct_outputs_of_others(failures, picks, k)
    columns = ["prediction_id", "dataset", "model", "example_id", "score", "threshold"]
    return (
        failures.lazy()
        .select(columns)
        .join(collected(texts).lazy(), on="prediction_id", how="left")
        .join(outputs.lazy(), on="prediction_id", how="left")
        .sort("prediction_id")
        .collect()
    )
