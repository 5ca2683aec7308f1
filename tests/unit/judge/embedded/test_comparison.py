"""A failed solution beside correct ones."""

import pytest

from errormap_dagster.judge.embedded.comparison import (
    Difference,
    difference,
    find_departure,
    knows,
    stops_before_end,
)
from errormap_dagster.judge.embedded.quantities import read_quantities
from errormap_dagster.judge.embedded.solutions import read_solution

CORRECT = read_solution("5 * 4 = 20\n20 + 6 = 26\n26 / 2 = 13\nA: 13")


def test_first_step_with_a_foreign_value_departs() -> None:
    failed = read_solution("5 * 4 = 20\n20 - 6 = 14\n14 / 2 = 7\nA: 7")
    departure = find_departure(failed, [CORRECT], [5, 4, 6, 2])
    assert departure is not None
    assert departure.at == 1
    assert departure.counterpart == CORRECT.steps[1]


def test_partial_results_of_a_longer_calculation_do_not_depart() -> None:
    correct = read_solution("3 + 5 + 9 = 17\nA: 17")
    failed = read_solution("3 + 5 = 8\n8 * 9 = 72\nA: 72")
    departure = find_departure(failed, [correct], [3, 5, 9])
    assert departure is not None
    assert departure.at == 1


def test_solution_of_known_steps_does_not_depart() -> None:
    assert find_departure(read_solution("4 * 5 = 20\nA: 20"), [CORRECT], [4, 5]) is None


def test_rest_of_the_correct_solution_is_what_is_left_to_do() -> None:
    rest = stops_before_end(read_solution("4 * 5 = 20\n20 + 6 = 26\nA: 26"), [CORRECT])
    assert rest == CORRECT.steps[2:]


@pytest.mark.parametrize(
    "output",
    [
        pytest.param("5 * 4 = 20\n20 + 6 = 26\n26 / 2 = 13\nA: 13", id="arrives"),
        pytest.param("10 + 10 + 3 = 23\n23 + 3 = 26\nA: 26", id="gets there by chance"),
        pytest.param("I cannot tell.", id="no answer"),
    ],
)
def test_other_solutions_do_not_stop_before_the_end(output: str) -> None:
    assert stops_before_end(read_solution(output), [CORRECT]) == ()


@pytest.mark.parametrize(
    ("failed", "correct", "expected"),
    [
        pytest.param("5 + 3 = 8", "5 * 3 = 15", Difference.OPERATORS, id="operation"),
        pytest.param("3 - 5 = -2", "5 - 3 = 2", Difference.ORDER, id="order"),
        pytest.param("50 * 0.2 = 10", "50 * 0.8 = 40", Difference.SHARE, id="share"),
        pytest.param("50 * 3 = 150", "50 * 4 = 200", Difference.ONE_OPERAND, id="operand"),
        pytest.param("5 + 3 = 8", "5 + 3 + 2 = 10", Difference.FEWER, id="term lacking"),
        pytest.param("5 + 3 + 2 = 10", "5 + 3 = 8", Difference.MORE, id="term too many"),
        pytest.param("5 + 3 = 8", "5 * 9 = 45", Difference.OTHER, id="nothing in common"),
    ],
)
def test_difference_of_two_steps(failed: str, correct: str, expected: Difference) -> None:
    steps = (read_solution(failed).steps[0], read_solution(correct).steps[0])
    assert difference(*steps, read_quantities("20% off")) is expected


def test_solution_knows_its_results_only() -> None:
    assert knows(CORRECT, 26)
    assert not knows(CORRECT, 6)


@pytest.mark.parametrize(
    "output",
    [
        pytest.param("5 + 4 = 9\n2 + 11 = 13\n13 * 6 = 78\nA: 78", id="a step left aside"),
        pytest.param("7 + 6 = 13\n13 * 4 = 52\nA: 52", id="a small result by chance"),
        pytest.param("20 + 64 = 84\nA: 84", id="an operand from nowhere"),
    ],
)
def test_no_departure_is_told_where_the_error_may_stand_before_it(output: str) -> None:
    assert find_departure(read_solution(output), [CORRECT], [5, 4, 6, 2]) is None


def test_no_counterpart_is_taken_where_two_are_as_near() -> None:
    correct = read_solution("3 * 50 = 150\n40 * 7 = 280\n150 + 280 = 430\nA: 430")
    departure = find_departure(read_solution("50 * 7 = 350\nA: 350"), [correct], [3, 50, 40, 7])
    assert departure is not None
    assert departure.counterpart is None


def test_what_is_taken_away_is_not_added_on_the_way() -> None:
    correct = read_solution("55 - 17 = 38\n38 + 5 = 43\nA: 43")
    failed = read_solution("55 + 17 = 72\n72 + 5 = 77\nA: 77")
    departure = find_departure(failed, [correct], [55, 17, 5])
    assert departure is not None
    assert departure.at == 0
