"""Having a judge read many failures, and keeping what it says as rows of ``judged_errors``.

A judge that raises on a failure gives that failure a ``judge_failed`` row; it never stops the
others. Every quote is looked up in the output here, whatever the judge says of it.
"""

import multiprocessing
import re
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import repeat
from typing import Protocol

import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.records import Analysis, Criterion, FailureCase, Outcome
from errormap_dagster.judge.interface import Judge

_CASES_PER_TASK = 32
_FEWEST_CASES_FOR_PROCESSES = 400
"""Starting two processes takes about as long as reading this many failures in one."""
_LONGEST_REASON = 500


class Reader(Protocol):
    """Something that has cases read and gives the analyses in the same order."""

    def __call__(self, cases: Sequence[FailureCase]) -> Iterator[Analysis]:
        """Read the cases."""
        ...


def analyse_safely(judge: Judge, case: FailureCase) -> Analysis:
    """The judge's analysis, or a ``judge_failed`` one with the reason when the judge raises."""
    try:
        return judge.analyse(case)
    except Exception as error:  # noqa: BLE001 - whatever a judge raises costs one row, not the run
        reason = f"{type(error).__name__}: {error}"[:_LONGEST_REASON]
        return Analysis(Outcome.JUDGE_FAILED, None, f"The judge failed on this row: {reason}")


def _analyse_batch(judge: Judge, cases: Sequence[FailureCase]) -> list[Analysis]:
    return [analyse_safely(judge, case) for case in cases]


@contextmanager
def reader(judge: Judge, workers: int, n_cases: int) -> Generator[Reader]:
    """A reader that spreads cases over processes where that is worth starting them.

    Args:
        judge: must be picklable when ``workers`` is above 1.
        workers: processes to use at most; what is read does not depend on it.
        n_cases: how many cases are to come in all.
    """
    if workers == 1 or n_cases < _FEWEST_CASES_FOR_PROCESSES:
        yield lambda cases: (analyse_safely(judge, case) for case in cases)
        return
    # Polars and Dagster hold threads, which a forked child would inherit in an unknown state.
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:

        def read(cases: Sequence[FailureCase]) -> Iterator[Analysis]:
            starts = range(0, len(cases), _CASES_PER_TASK)
            batches = [cases[start : start + _CASES_PER_TASK] for start in starts]
            for analyses in pool.map(_analyse_batch, repeat(judge), batches):
                yield from analyses

        yield read


def _normalise(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def is_evidence_found(evidence: str | None, output: str | None) -> bool | None:
    """Whether a quote stands in the output, exactly or up to white space and letter case.

    Returns None when there is no quote to look up.
    """
    if evidence is None:
        return None
    if not output:
        return False
    return evidence in output or _normalise(evidence) in _normalise(output)


def _criterion_row(criterion: Criterion, output: str | None) -> dict[str, object]:
    return {
        "criterion": criterion.criterion,
        "present_in_wrong": criterion.present_in_wrong,
        "quality": criterion.quality.value if criterion.quality else None,
        "evidence": criterion.evidence,
        "comment": criterion.comment,
        "is_evidence_found": is_evidence_found(criterion.evidence, output),
    }


def judged_errors_frame(
    judge: Judge, cases: Sequence[FailureCase], analyses: Iterator[Analysis]
) -> pl.DataFrame:
    """Rows of ``judged_errors`` for cases and their analyses, sorted by prediction_id."""
    identity = judge.identity
    rows = [
        {
            "prediction_id": case.prediction_id,
            "dataset": case.dataset,
            "model": case.model,
            "outcome": analysis.outcome.value,
            "error_title": analysis.error_title,
            "error_summary": analysis.error_summary,
            "criteria": [_criterion_row(c, case.output_text) for c in analysis.criteria],
            "n_correct_outputs": len(case.correct_outputs),
            "judge": identity.judge,
            "prompt_version": identity.prompt_version,
            "prompt_hash": identity.prompt_hash,
            "call_id": None,
        }
        for case, analysis in zip(cases, analyses, strict=True)
    ]
    return pl.DataFrame(rows, schema=polars_schema("judged_errors")).sort("prediction_id")


def cases_from(frame: pl.DataFrame) -> list[FailureCase]:
    """Cases from a frame whose columns are the fields of ``FailureCase``."""
    return [
        replace(FailureCase(**row), correct_outputs=tuple(row["correct_outputs"] or ()))
        for row in frame.with_columns(pl.col("input_text").fill_null("")).iter_rows(named=True)
    ]
