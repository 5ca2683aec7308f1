"""Calculations in a text: which there are, and which hold."""

import pytest

from errormap_dagster.judge.embedded.calculations import read_steps


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("6 x 5 = <<6*5=30>>30 eggs", id="calculator note"),
        pytest.param("10 / 3 = 3.33", id="rounded"),
        pytest.param("7 / 2 = 3", id="cut to a whole number"),
        pytest.param("0.1 * 50 = 5%", id="percent beside its number"),
        pytest.param("2 hours * 60 = 120 minutes", id="units"),
        pytest.param("3(4+5) = 3(9) = 27", id="chain"),
        pytest.param(r"2 \\cdot 5 = 10", id="LaTeX escaped in JSON"),
        pytest.param("100 - 20% = 80", id="percentage off"),
    ],
)
def test_right_calculations_hold(text: str) -> None:
    assert all(step.is_right for step in read_steps(text))


@pytest.mark.parametrize(
    ("text", "stated", "value"),
    [
        pytest.param("He has 3 + 4 = 8 pens.", 8, 7, id="sum"),
        pytest.param("3*4=<<3*4=12>>14", 14, 12, id="figure beside a note"),
        pytest.param("- 5 * 3 = 16", 16, 15, id="list mark is no sign"),
        pytest.param("he gains -87+320=<<-87+320=407>>407", 407, 233, id="sign before a figure"),
        pytest.param("2^{10} = 1000", 1000, 1024, id="power"),
    ],
)
def test_wrong_calculations_are_recognised(text: str, stated: float, value: float) -> None:
    wrong = [step for step in read_steps(text) if not step.is_right]
    assert [(step.stated, step.value) for step in wrong] == [(stated, value)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2x + 3 = 8", id="variable"),
        pytest.param("24-2xy=36", id="product of variables"),
        pytest.param("rent + 50 = 160", id="word before"),
        pytest.param("half of 20 + 5 = 13", id="of"),
        pytest.param("2% of Value = 0.02 * 500", id="of in the middle"),
        pytest.param("|z|^2 = 25 + 25 x", id="exponent before the sign"),
        pytest.param("2/9 + 1/7 = 0.22...", id="number goes on"),
        pytest.param("1 atm = 2 * 3 Pa", id="unit defined by another"),
        pytest.param("1200 balls / 2 balls/15 minutes = 600", id="rate per time"),
        pytest.param("(3^2 + 4) = (5^2 + 4)", id="equation of one shape"),
    ],
)
def test_what_may_be_no_calculation_is_passed_over(text: str) -> None:
    assert [step for step in read_steps(text) if not step.is_right] == []


def test_places_and_operators_are_given() -> None:
    text = "First: 4 * 5 = 21, then more."
    (step,) = read_steps(text)
    assert (text[step.start : step.end], step.operators) == ("4 * 5 = 21", "*")
