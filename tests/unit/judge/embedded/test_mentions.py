"""Numbers that an output mentions, uses or could have derived."""

import pytest

from errormap_dagster.judge.embedded.mentions import (
    is_derivable,
    is_mentioned,
    is_taken_in_the_head,
    is_used,
    numbers_in,
    operands_of,
)
from errormap_dagster.judge.embedded.quantities import read_quantities
from errormap_dagster.judge.embedded.solutions import read_solution


def test_numbers_are_read_in_figures() -> None:
    assert numbers_in("$1,200 and .5 of 30%") == {1200, 0.5, 30}


@pytest.mark.parametrize(
    ("quantity", "output", "expected"),
    [
        pytest.param("$80", "she has 80 dollars", True, id="figure"),
        pytest.param("20%", "50 * 0.8 = 40", True, id="another form"),
        pytest.param("5", "all five of them", True, id="word"),
        pytest.param("5", "50 and 15", False, id="only within other numbers"),
    ],
)
def test_quantity_is_mentioned_in_any_form(quantity: str, output: str, *, expected: bool) -> None:
    assert is_mentioned(read_quantities(quantity)[0], output) is expected


def test_quantity_is_used_only_as_an_operand() -> None:
    operands = operands_of(read_solution("of 7 we take 3 * 4 = 12"))
    assert operands == [3, 4]
    assert not is_used(read_quantities("7")[0], operands)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(1440, True, id="conversion"),
        pytest.param(31, True, id="sum"),
        pytest.param(0.7, True, id="what a share leaves"),
        pytest.param(977, False, id="from nowhere"),
    ],
)
def test_value_is_derived_by_one_operation(value: float, *, expected: bool) -> None:
    assert is_derivable(value, [24, 7, 0.3]) is expected


@pytest.mark.parametrize(
    ("question", "output", "expected"),
    [
        pytest.param("half of 90", "90 - 45 = 45", True, id="half taken without a step"),
        pytest.param("half of 90", "90 - 30 = 60", False, id="half not taken"),
        pytest.param("5 of 90", "450 in all", False, id="no share"),
    ],
)
def test_share_may_be_taken_in_the_head(question: str, output: str, *, expected: bool) -> None:
    given = read_quantities(question)
    assert is_taken_in_the_head(given[0], given, output) is expected
