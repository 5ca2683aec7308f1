"""Steps that leave the way to the reference."""

import pytest

from errormap_dagster.domain.records import FailureCase
from errormap_dagster.judge.embedded.detectors import steps
from errormap_dagster.judge.embedded.detectors.steps import TITLES, find_departing_step

QUESTION = "Five bags hold 4 pens each, and 6 more lie about. Two pupils share all. How many each?"
CORRECT = "5 * 4 = 20 pens\n20 + 6 = 26 pens\n26 / 2 = 13 each\nA: 13"


def case(
    output: str | None, *correct: str, question: str = QUESTION, answer: str = "13"
) -> FailureCase:
    return FailureCase("p", "d", "m", "e", question, output, answer, 0.0, 1.0, correct)


@pytest.mark.parametrize(
    ("output", "title", "shown"),
    [
        pytest.param(
            "5 + 4 = 9 pens\n9 + 6 = 15\nA: 15", steps.OPERATION, "5 * 4 = 20", id="operation"
        ),
        pytest.param(
            "5 * 4 = 20\n20 + 6 = 26\n2 / 26 = 0.08\nA: 0.08",
            steps.ORDER,
            "26 / 2 = 13",
            id="order",
        ),
        pytest.param(
            "5 * 4 = 20\n20 + 6 = 26\n26 / 4 = 6.5\nA: 6.5",
            steps.QUANTITY,
            "26 / 2 = 13",
            id="quantity",
        ),
        pytest.param("5 * 4 = 20\n20 + 6 = 26\nA: 26", steps.STOPS, "26 / 2 = 13", id="stops"),
        pytest.param(
            "5 * 4 = 20\n20 + 6 + 4 = 30\nA: 30", steps.TERM_TOO_MANY, "20 + 6 = 26", id="term"
        ),
        pytest.param(
            "5 * 4 = 20\n20 * 2 = 40\n40 + 6 = 46\nA: 46",
            steps.NEXT_STEP,
            "20 + 6 = 26",
            id="other step",
        ),
    ],
)
def test_step_is_compared_with_a_correct_solution(output: str, title: str, shown: str) -> None:
    finding = find_departing_step(case(output, CORRECT))
    assert finding is not None
    assert finding.error_title == title
    assert title in TITLES
    assert shown in finding.error_summary
    assert all((criterion.evidence or "") in output for criterion in finding.criteria)


def test_term_that_a_correct_solution_adds_is_missed() -> None:
    finding = find_departing_step(
        case("3 * 9 = 27\n27 + 8 = 35\nA: 35", "3 * 9 = 27\n27 + 8 + 5 = 40\nA: 40", answer="40")
    )
    assert finding is not None
    assert finding.error_title == steps.TERM_LEFT_OUT


def test_other_form_of_a_percentage_is_named() -> None:
    finding = find_departing_step(
        case(
            "150 * 0.2 = 30\nA: 30",
            "150 * 0.8 = 120\nA: 120",
            question="A coat for $150 is 20% off. What does it cost?",
            answer="120",
        )
    )
    assert finding is not None
    assert finding.error_title == steps.SHARE


@pytest.mark.parametrize(
    ("question", "output", "answer", "title"),
    [
        pytest.param(
            "Of 90 sheep 35 are sold. How many are left?",
            "90 + 35 = 125\nA: 125",
            "55",
            steps.OPERATION,
            id="inverse operation",
        ),
        pytest.param(
            "He fills 40 boxes of 12 and 5 loose bottles. How many bottles?",
            "40 * 12 = 480\nA: 480",
            "485",
            steps.TERM_LEFT_OUT,
            id="last term left out",
        ),
        pytest.param(
            "He fills 40 boxes of 12 bottles, which are $3 each. What do they cost?",
            "40 * 12 = 480\nA: 480",
            "1440",
            steps.STOPS,
            id="last step not done",
        ),
        pytest.param(
            "Shared by 5 shops, 40 boxes of 12 bottles cost $3 a bottle. What does a shop pay?",
            "40 * 12 = 480\n480 * 3 = 1440\nA: 1440",
            "288",
            steps.LEFT_OUT,
            id="step in the middle not done",
        ),
    ],
)
def test_solution_is_judged_by_replay_without_correct_ones(
    question: str, output: str, answer: str, title: str
) -> None:
    finding = find_departing_step(case(output, question=question, answer=answer))
    assert finding is not None
    assert finding.error_title == title
    assert answer in finding.error_summary
    assert all((criterion.evidence or "") in output for criterion in finding.criteria)


@pytest.mark.parametrize(
    ("output", "correct"),
    [
        pytest.param(None, (), id="no output"),
        pytest.param(CORRECT, (CORRECT,), id="right answer"),
        pytest.param("5 + 4 = 9\nA: 9", (), id="nothing to compare with"),
        pytest.param("I think it is\nA: 12", (CORRECT,), id="no calculation"),
        pytest.param("5 + 8 = 13\n13 * 2 = 26\nA: 26", (), id="reference passed by chance"),
        pytest.param("5 * 4 = 20\n20 + 6 = 26", (CORRECT,), id="no answer"),
    ],
)
def test_uncertain_cases_have_no_finding(output: str | None, correct: tuple[str, ...]) -> None:
    assert find_departing_step(case(output, *correct)) is None


TANKS = "A pump fills 11 tanks. Each holds 5 drums, each drum 121 litres. How many drums in 11?"


@pytest.mark.parametrize(
    ("output", "correct"),
    [
        pytest.param(
            "121 / 11 = 11\n11 * 5 = 55\n55 * 121 = 6655\nA: 6655",
            "121 / 11 = 11\n11 * 5 = 55\nA: 55",
            id="goes on",
        ),
        pytest.param(
            "121 / 11 = 11\n11 * 5 = 55\n121 - 5 = 116\nA: 116",
            "121 / 11 = 11\n11 * 5 = 55\nA: 55",
            id="begins anew",
        ),
    ],
)
def test_a_solution_that_goes_past_the_answer_has_a_step_too_many(
    output: str, correct: str
) -> None:
    finding = find_departing_step(case(output, correct, question=TANKS, answer="55"))
    assert finding is not None
    assert finding.error_title == steps.EXTRA


def test_the_reference_reached_from_other_quantities_is_chance() -> None:
    correct = "121 / 11 = 11\n11 * 5 = 55\nA: 55"
    failed = "11 * 5 = 55\n55 / 11 = 5\n5 * 5 = 25\nA: 25"
    finding = find_departing_step(case(failed, correct, question=TANKS, answer="55"))
    assert finding is None or finding.error_title != steps.EXTRA
