"""Final answers: where they stand and when two are the same."""

import pytest

from errormap_dagster.judge.embedded.answers import (
    final_answer,
    first_number,
    json_answer,
    normalise,
    numeric,
    same_answer,
)


@pytest.mark.parametrize(
    ("output", "text", "kind"),
    [
        pytest.param("so\nA: 24", "24", "marked", id="marked line"),
        pytest.param("so\n#### 24", "24", "marked", id="hashes"),
        pytest.param('{"answer": "1"} {"answer": "2"}', "2", "field", id="last JSON field"),
        pytest.param(r"thus \boxed{\frac{1}{2}}.", r"\frac{1}{2}", "boxed", id="nested braces"),
        pytest.param("The final answer is 7", "7", "said", id="said in prose"),
    ],
)
def test_final_answer_is_found(output: str, text: str, kind: str) -> None:
    answer = final_answer(output)
    assert answer is not None
    assert (answer.text, answer.kind) == (text, kind)
    assert text in output[answer.start : answer.end]


@pytest.mark.parametrize(
    "output", [pytest.param("", id="empty"), pytest.param("I add 3 and 4.", id="no answer")]
)
def test_output_without_an_answer_has_none(output: str) -> None:
    assert final_answer(output) is None
    assert json_answer(output) is None


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        pytest.param("1,200", "1200", True, id="thousands"),
        pytest.param(r"\frac{1}{2}", "0.5", True, id="fraction"),
        pytest.param(r"\dfrac12", r"\frac{1}{2}", True, id="short fraction"),
        pytest.param("x = 5", "5", True, id="label"),
        pytest.param("5 dollars", "$5", True, id="unit"),
        pytest.param("5", "-5", False, id="sign"),
        pytest.param("", "", False, id="nothing"),
        pytest.param("(1,2)", "(2,1)", False, id="pair turned round"),
    ],
)
def test_answers_are_compared_without_doubt(left: str, right: str, *, expected: bool) -> None:
    assert same_answer(left, right) is expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("2 + 3", 5, id="expression"),
        pytest.param("1,000", 1000, id="thousands"),
        pytest.param("five", None, id="word"),
        pytest.param("(1, 2)", None, id="pair"),
        pytest.param("", None, id="empty"),
    ],
)
def test_numeric_value_of_an_answer(text: str, value: float | None) -> None:
    assert numeric(text) == value


def test_first_number_and_normal_form() -> None:
    assert first_number("about $1,250.50 or 3") == pytest.approx(1250.5)
    assert first_number("none") is None
    assert normalise(r"\left( 3 , 4 \right).") == "(3,4)"
