"""Solutions as linked steps, and what a changed step leads to."""

import pytest

from errormap_dagster.judge.embedded.solutions import read_solution

WORKED = "4 * 5 = 20 pens\n20 + 6 = 26 in all\n26 / 2 = 13 each\nA: 13"


def test_operands_are_traced_to_the_steps_that_give_them() -> None:
    solution = read_solution(WORKED)
    assert solution.sources == ((-1, -1), (0, -1), (1, -1))
    assert (solution.answer, solution.last) == (13, 2)


def test_a_chain_is_one_step() -> None:
    assert len(read_solution("2 + 3 * 4 = 2 + 12 = 14\nA: 14").steps) == 1


@pytest.mark.parametrize(
    ("at", "value", "answer"),
    [
        pytest.param(0, 9, 7.5, id="first step"),
        pytest.param(1, 30, 15, id="middle step"),
        pytest.param(2, 4, 4, id="last step"),
    ],
)
def test_replay_gives_the_answer_after_a_change(at: int, value: float, answer: float) -> None:
    assert read_solution(WORKED).replay(at, value) == answer


def test_replay_of_a_step_without_influence_gives_nothing() -> None:
    solution = read_solution("7 * 7 = 49\n4 + 6 = 10\nA: 10")
    assert solution.replay(0, 1) is None
    assert not solution.is_used(0)


def test_replay_that_divides_by_zero_gives_nothing() -> None:
    assert read_solution("8 - 4 = 4\n12 / 4 = 3\nA: 3").replay(0, 0) is None


@pytest.mark.parametrize("output", [pytest.param("", id="empty"), pytest.param("A: x", id="text")])
def test_output_without_calculations_has_no_steps(output: str) -> None:
    solution = read_solution(output)
    assert (solution.steps, solution.last) == ((), -1)
