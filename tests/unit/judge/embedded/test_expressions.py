"""Closed expressions: read in one way, or refused."""

import pytest

from errormap_dagster.judge.embedded.expressions import Reading, read_expression
from errormap_dagster.judge.embedded.tokens import tokens


def read(text: str) -> Reading | None:
    return read_expression(tokens(text), 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("2 + 3 * 4", 14, id="precedence"),
        pytest.param("(2 + 3) * 4", 20, id="brackets"),
        pytest.param("10 - 2 - 3", 5, id="left to right"),
        pytest.param("2^3^2", 512, id="powers from the right"),
        pytest.param("-2 + 5", 3, id="sign"),
        pytest.param("3(4 + 5)", 27, id="product without a sign"),
        pytest.param(r"\frac{3}{4} + \frac{1}{4}", 1, id="LaTeX fraction"),
        pytest.param(r"\sqrt{16}", 4, id="root"),
        pytest.param("20% * 50", 10, id="percent"),
        pytest.param("4!", 24, id="factorial"),
        pytest.param("3 apples + 5 apples", 8, id="units"),
        pytest.param("4 (112)", 4, id="a remark in brackets is no factor"),
    ],
)
def test_expression_has_a_value(text: str, value: float) -> None:
    reading = read(text)
    assert reading is not None
    assert reading.expression.value == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("6(1/2)", id="mixed number or product"),
        pytest.param("8 / 2(4)", id="division before an unsigned product"),
        pytest.param(r"\sqrt[3]{8}", id="root of another degree"),
        pytest.param("(3 + 4", id="bracket left open"),
        pytest.param("(" * 40 + "1" + ")" * 40, id="nested too deeply"),
        pytest.param("3 feet^3 + 1", id="power of a unit"),
        pytest.param("+", id="no operand"),
    ],
)
def test_doubtful_expression_is_refused(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("3 / 0", id="division by zero"),
        pytest.param("9^999", id="too large"),
        pytest.param("200!", id="factorial too large"),
    ],
)
def test_undefined_expression_has_no_value(text: str) -> None:
    reading = read(text)
    assert reading is not None
    assert reading.expression.value is None
