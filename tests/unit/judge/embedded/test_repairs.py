"""Single changes that make a solution arrive at the reference."""

import pytest

from errormap_dagster.judge.embedded.quantities import read_quantities
from errormap_dagster.judge.embedded.repairs import Change, find_repairs, likely_repair
from errormap_dagster.judge.embedded.solutions import read_solution


@pytest.mark.parametrize(
    ("question", "output", "reference", "change", "at"),
    [
        pytest.param(
            "36 eggs and a third goes: 9 left over 3",
            "36 * 3 = 108\n108 + 9 = 117\nA: 117",
            21,
            Change.OPERATOR,
            0,
            id="division instead of multiplication",
        ),
        pytest.param(
            "24 bags cost 96 dollars", "24 / 96 = 0.25\nA: 0.25", 4, Change.ORDER, 0, id="order"
        ),
        pytest.param(
            "20% off 150 dollars", "150 * 0.2 = 30\nA: 30", 120, Change.SHARE, 0, id="share"
        ),
        pytest.param(
            "He has 40 boxes of 12 and 5 more",
            "40 * 12 = 480\nA: 480",
            485,
            Change.ADDED,
            0,
            id="quantity not used yet",
        ),
        pytest.param(
            "40 red, 25 blue, 3 each",
            "40 + 25 + 3 = 68\n68 * 3 = 204\nA: 204",
            195,
            Change.DROPPED,
            0,
            id="term too many",
        ),
    ],
)
def test_change_that_arrives_at_the_reference_is_found(
    question: str, output: str, reference: float, change: Change, at: int
) -> None:
    solution, quantities = read_solution(output), read_quantities(question)
    repairs = find_repairs(solution, quantities, reference)
    repair = likely_repair(repairs, solution, quantities, reference)
    assert repair is not None
    assert (repair.change, repair.at) == (change, at)
    assert solution.replay(at, repair.value) == pytest.approx(reference)


@pytest.mark.parametrize(
    ("question", "output", "reference"),
    [
        pytest.param("3 and 2", "3 + 2 = 5\nA: 5", 1, id="small reference by chance"),
        pytest.param("30 and 2 and 9", "30 + 2 = 32\nA: 32", 28, id="given quantity unused"),
        pytest.param("30 and 2", "30 + 2 = 32\nA: 32", 60, id="sign that is no inverse"),
        pytest.param("30 and 2", "30 + 2 = 32\nA: 32", 777, id="out of reach"),
    ],
)
def test_doubtful_change_is_not_trusted(question: str, output: str, reference: float) -> None:
    solution, quantities = read_solution(output), read_quantities(question)
    repairs = find_repairs(solution, quantities, reference)
    assert likely_repair(repairs, solution, quantities, reference) is None
