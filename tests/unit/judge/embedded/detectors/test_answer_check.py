import pytest

from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.judge.embedded.detectors.answer_check import (
    NO_ANSWER,
    answer_criteria,
    find_missing_answer,
    find_right_answer,
)

JSON = 'Reason first. Then answer in JSON: {"reasoning": "...", "answer": "..."}'


def case(output: str | None, answer: str | None = "18", question: str = "How many?") -> FailureCase:
    return FailureCase("p", "d", "m", "e", question, output, answer, 0.0, 1.0)


@pytest.mark.parametrize(
    ("output", "answer", "question"),
    [
        ("3 * 6 = 18\nA: 18", "18", "How many?"),
        ("#### 1,800", "1800", "How many?"),
        ("The answer is 18 dollars.", "18", "How many?"),
        (r'{"answer": "\\frac{1}{2}"}', r"\frac12", JSON),
        (r'{"answer": "0.5"}', r"\frac{1}{2}", JSON),
    ],
)
def test_a_right_answer_that_the_scorer_missed_is_no_error(
    output: str, answer: str, question: str
) -> None:
    finding = find_right_answer(case(output, answer, question))
    assert finding is not None
    assert finding.outcome is Outcome.NO_ERROR_FOUND


@pytest.mark.parametrize(
    ("output", "answer"),
    [("A: 19", "18"), ("A: 18", None), (None, "18"), ("no number", "18"), ("A: 180", "18")],
)
def test_other_answers_are_no_such_case(output: str | None, answer: str | None) -> None:
    assert find_right_answer(case(output, answer)) is None


def test_an_output_without_an_answer_is_told() -> None:
    finding = find_missing_answer(case("We multiply the apples by the days."))
    assert finding is not None
    assert finding.error_title == NO_ANSWER
    assert find_missing_answer(case("A: 3")) is None
    assert find_missing_answer(case("Dear sir, here is my poem.", answer=None)) is None


def test_what_cannot_be_told_still_quotes_the_answer() -> None:
    (criterion,) = answer_criteria(case("We add.\nA: 19"))
    assert criterion.evidence == "19"
    assert "'18'" in criterion.comment
    assert answer_criteria(case("def f(): pass", answer="def f(): return 1")) == ()
