import polars as pl
import pytest

from errormap_dagster.domain.records import Analysis, Criterion, FailureCase, Outcome, Quality
from errormap_dagster.judge.analyse import analyse_safely, judged_errors_frame
from errormap_dagster.judge.embedded.analyst import EmbeddedAnalyst
from errormap_dagster.judge.evidence import is_evidence_found


def failed(key: str, output: str | None = "2 + 2 = 5\nA: 5") -> FailureCase:
    return FailureCase(key, "d", "m", key, "What is 2 + 2?", output, "4", 0.0, 1.0)


def moody(case: FailureCase) -> Analysis:
    """Fail on one row; quote rightly, wrongly and not at all on the others."""
    if case.prediction_id == "bad":
        raise RuntimeError("no mood for this one")
    criteria = (
        Criterion("sums", True, Quality.INCORRECT, "2 +  2 = 5", ""),  # noqa: FBT003 - a record
        Criterion("shows", True, Quality.CORRECT, "not there", ""),  # noqa: FBT003 - a record
        Criterion("ends", False, None, None, ""),  # noqa: FBT003 - a record
    )
    return Analysis(Outcome.ERROR_FOUND, "Addition error", "2 + 2 is 4", criteria)


def rows_of(cases: list[FailureCase]) -> pl.DataFrame:
    analyses = [analyse_safely(moody, case) for case in cases]
    return judged_errors_frame(EmbeddedAnalyst(), cases, analyses)


def test_a_judge_that_fails_on_a_row_costs_that_row_alone() -> None:
    rows = rows_of([failed("a"), failed("bad"), failed("c")])
    outcomes = dict(rows.select("prediction_id", "outcome").iter_rows())
    assert outcomes == {"a": "error_found", "bad": "judge_failed", "c": "error_found"}
    (row,) = rows.filter(rows["prediction_id"] == "bad").iter_rows(named=True)
    assert "RuntimeError: no mood for this one" in row["error_summary"]
    assert row["error_title"] is None


def test_every_quote_is_looked_up_whatever_the_judge_says_of_it() -> None:
    rows = rows_of([failed("a")])
    found = [criterion["is_evidence_found"] for criterion in rows["criteria"][0]]
    assert found == [True, False, None]


@pytest.mark.parametrize(
    ("evidence", "output", "found"),
    [
        ("exact words", "the exact words stand here", True),
        ("Exact  Words", "the exact\nwords stand here", True),
        ("other words", "the exact words stand here", False),
        ("anything", None, False),
        ("anything", "", False),
        (None, "text", None),
    ],
)
def test_a_quote_is_found_exactly_or_up_to_case_and_white_space(
    evidence: str | None, output: str | None, found: bool | None
) -> None:
    assert is_evidence_found(evidence, output) is found


def test_processes_read_what_one_process_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("errormap_dagster.judge.embedded.processes._FEWEST_CASES_FOR_PROCESSES", 1)
    outputs = ["2 + 2 = 5\nA: 5", None, "", "I'm sorry, but I can't help with that.", "A: 7"]
    cases = [failed(f"p{n}", outputs[n % len(outputs)]) for n in range(80)]
    assert list(EmbeddedAnalyst(workers=2).analyse(cases)) == list(EmbeddedAnalyst().analyse(cases))
