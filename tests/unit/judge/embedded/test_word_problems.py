"""Which cases are word problems."""

import pytest

from errormap_dagster.domain.records import FailureCase
from errormap_dagster.judge.embedded.word_problems import failed_solution, readable_solutions

OUTPUT = "She has 3 * 4 = 12 pens.\nA: 12"


def case(question: str, output: str | None, answer: str | None) -> FailureCase:
    return FailureCase("p", "d", "m", "e", question, output, answer, 0.0, 1.0, ("4 * 5 = 20",))


@pytest.mark.parametrize(
    ("question", "output", "answer", "expected"),
    [
        pytest.param("How many pens?", OUTPUT, "20", True, id="wrong number"),
        pytest.param("How many pens?", OUTPUT, "12", False, id="right number"),
        pytest.param("How many pens?", OUTPUT, "blue", False, id="no number asked"),
        pytest.param("How many pens?", None, "20", False, id="no output"),
        pytest.param("How many pens?", "Many.", "20", False, id="no calculation"),
        pytest.param("Find $x$ with $x^2 = 4$.", OUTPUT, "20", False, id="algebra"),
        pytest.param("In how many ways can pens lie?", OUTPUT, "20", False, id="counting"),
        pytest.param("How many pens?", "word " * 200 + OUTPUT, "20", False, id="mostly words"),
    ],
)
def test_word_problem_with_a_wrong_answer_is_read(
    question: str, output: str | None, answer: str, *, expected: bool
) -> None:
    assert (failed_solution(case(question, output, answer)) is not None) is expected


def test_correct_output_without_an_answer_is_not_readable() -> None:
    assert readable_solutions(case("How many?", OUTPUT, "20")) == {}
