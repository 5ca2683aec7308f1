"""Tokens of prose, LaTeX and calculator notes."""

import pytest

from errormap_dagster.judge.embedded.tokens import MAX_READ, Kind, tokens

K = Kind


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        pytest.param("3 x 4", [K.NUMBER, K.OPERATOR, K.NUMBER], id="x between numbers is a sign"),
        pytest.param("2x + 1", [K.NUMBER, K.SYMBOL, K.OPERATOR, K.NUMBER], id="x is a variable"),
        pytest.param("2xy", [K.NUMBER, K.SYMBOL], id="letters on a figure are variables"),
        pytest.param("5cm", [K.NUMBER, K.WORD], id="a unit on a figure is a word"),
        pytest.param(r"\frac{1}{2}", [K.FRACTION, *[K.OPEN, K.NUMBER, K.CLOSE] * 2], id="LaTeX"),
        pytest.param(r"2 \\cdot 3", [K.NUMBER, K.OPERATOR, K.NUMBER], id="LaTeX escaped in JSON"),
        pytest.param("$1,200.50", [K.NUMBER], id="dollar and thousands are one number"),
        pytest.param("20%", [K.NUMBER, K.PERCENT], id="percent"),
        pytest.param("a\nb", [K.WORD, K.BREAK, K.SYMBOL], id="a line break separates"),
    ],
)
def test_text_is_split_into_tokens(text: str, kinds: list[Kind]) -> None:
    assert [token.kind for token in tokens(text)] == kinds


def test_offsets_are_places_in_the_text() -> None:
    text = "so 12 + 7 = 19"
    assert [text[token.start : token.end] for token in tokens(text)] == text.split()


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert tokens(" " * MAX_READ + "7") == []
