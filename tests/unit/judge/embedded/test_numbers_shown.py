"""Numbers and operations as a summary shows them."""

import pytest

from errormap_dagster.judge.embedded.numbers_shown import show, show_operation, show_written


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(12.0, "12", id="whole"),
        pytest.param(-0.5, "-0.5", id="broken"),
        pytest.param(1 / 3, "0.333333", id="six digits"),
        pytest.param(1e20, "1e+20", id="very large"),
    ],
)
def test_number_is_shown_in_few_digits(value: float, shown: str) -> None:
    assert show(value) == shown


def test_operation_and_written_calculation_are_shown_on_one_line() -> None:
    assert show_operation((3, 4.5, 2), ("+", "-")) == "3 + 4.5 - 2"
    assert show_written("6 x 5 =\n <<6*5=30>>30") == "6 x 5 = 30"
