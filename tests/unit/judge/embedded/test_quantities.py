"""Quantities that a question states, in every form in which they may be used."""

import pytest

from errormap_dagster.judge.embedded.quantities import is_unit_word, read_quantities


@pytest.mark.parametrize(
    ("question", "form"),
    [
        pytest.param("costs $1,200 now", 1200, id="thousands"),
        pytest.param("20% off", 0.8, id="what a percentage leaves"),
        pytest.param("20% off", 0.2, id="percentage as a factor"),
        pytest.param("3/4 of it", 0.25, id="what a fraction leaves"),
        pytest.param("twice as many", 2, id="twice"),
        pytest.param("half of them", 2, id="half as a divisor"),
        pytest.param("two dozen", 12, id="dozen"),
    ],
)
def test_quantity_is_read_in_the_form(question: str, form: float) -> None:
    forms = {value for quantity in read_quantities(question) for value in quantity.values}
    assert any(form == pytest.approx(value) for value in forms)


def test_quantities_come_in_reading_order() -> None:
    texts = [quantity.text for quantity in read_quantities("two cats, 5 dogs and 3 mice")]
    assert texts == ["two", "5", "3"]


@pytest.mark.parametrize(
    ("word", "is_share"),
    [
        pytest.param("20%", True, id="percent"),
        pytest.param("1/3", True, id="fraction"),
        pytest.param("half", True, id="half"),
        pytest.param("weeks", False, id="unit"),
        pytest.param("nickels", False, id="coin"),
        pytest.param("7", False, id="number"),
    ],
)
def test_share_is_told_from_amount(word: str, *, is_share: bool) -> None:
    assert [quantity.is_share for quantity in read_quantities(word)] == [is_share]


def test_unit_words_are_only_implied_quantities() -> None:
    assert [is_unit_word(quantity) for quantity in read_quantities("three weeks")] == [False, True]
