"""What a judge says of failures, as rows of ``judged_errors``.

Every quote is looked up in the output here, whatever the judge says of it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.records import Analysis, Criterion, FailureCase, Outcome
from errormap_dagster.judge.evidence import is_evidence_found
from errormap_dagster.judge.interface import Judge, Operation

_LONGEST_REASON = 500


def failed_analysis(reason: str, call_id: str | None = None) -> Analysis:
    """The analysis of a failure that the judge could not read."""
    told = f"The judge failed on this row: {reason[:_LONGEST_REASON]}"
    return Analysis(Outcome.JUDGE_FAILED, None, told, call_id=call_id)


def analyse_safely(analyse: Callable[[FailureCase], Analysis], case: FailureCase) -> Analysis:
    """The analysis of a case, or a ``judge_failed`` one with the reason when reading raises."""
    try:
        return analyse(case)
    except Exception as error:  # noqa: BLE001 - whatever a judge raises costs one row, not the run
        return failed_analysis(f"{type(error).__name__}: {error}")


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
    judge: Judge, cases: Sequence[FailureCase], analyses: Iterable[Analysis]
) -> pl.DataFrame:
    """Rows of ``judged_errors`` for cases and their analyses, sorted by prediction_id."""
    identity = judge.identity(Operation.ANALYSE)
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
            "call_id": analysis.call_id,
        }
        for case, analysis in zip(cases, analyses, strict=True)
    ]
    return pl.DataFrame(rows, schema=polars_schema("judged_errors")).sort("prediction_id")


def cases_from(frame: pl.DataFrame) -> Iterator[FailureCase]:
    """Cases from a frame whose columns are the fields of ``FailureCase``."""
    for row in frame.with_columns(pl.col("input_text").fill_null("")).iter_rows(named=True):
        yield replace(FailureCase(**row), correct_outputs=tuple(row["correct_outputs"] or ()))
