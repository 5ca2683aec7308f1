import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errormap_dagster.presentation.texts import is_long, pieces, visible


def joined(text: str, *quotes: str, whole: bool = True) -> str:
    return "".join(
        f"[{p.text}]" if p.kind == "quote" else p.text for p in pieces(text, quotes, is_whole=whole)
    )


@pytest.mark.parametrize(
    ("text", "quotes", "marked"),
    [
        ("a wrong step", ["wrong"], "a [wrong] step"),
        ("twice twice", ["twice"], "[twice] [twice]"),
        ("two\n lines", ["TWO lines"], "[two\n lines]"),
        ("abcdef", ["abc", "cde"], "[abcde]f"),
        ("a+b (c)", ["a+b (c)"], "[a+b (c)]"),
        ("in\u200bside", ["INSIDE"], "[in][U+200B][side]"),
        ("nothing", ["absent", "", "  "], "nothing"),
        ("", ["x"], ""),
    ],
)
def test_quotes_are_marked_where_they_stand(text: str, quotes: list[str], marked: str) -> None:
    assert joined(text, *quotes) == marked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "^[[31m"),
        ("\x7f", "^?"),
        ("\x00", "^@"),
        ("\u202eabc", "[U+202E]abc"),
        ("\u2067x\u2069", "[U+2067]x[U+2069]"),
        ("\U000e0041", "[U+E0041]"),
        ("a\tb\nc", "a\tb\nc"),
        ("שלום עולם", "שלום עולם"),
        ("می\u200cخواهم 👩\u200d👧", "می\u200cخواهم 👩\u200d👧"),
    ],
)
def test_what_cannot_be_seen_becomes_a_sign(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert "".join(piece.text for piece in pieces(text)) == shown


@given(st.text(), st.lists(st.text(max_size=5), max_size=3))
def test_nothing_is_lost_but_what_becomes_a_sign(text: str, quotes: list[str]) -> None:
    kept = [p.text for p in pieces(text, quotes, is_whole=True)]
    assert "".join(kept) == visible(text)


def test_a_long_text_keeps_its_ends_and_its_quotes() -> None:
    text = "x" * 100_000 + "the quote" + "y" * 200_000
    found = pieces(text, ["the quote"])
    assert [p.kind for p in found] == ["text", "gap", "text", "quote", "text", "gap", "text"]
    shown = sum(len(p.text) for p in found if p.kind != "gap")
    left_out = sum(int(p.text.replace(",", "")) for p in found if p.kind == "gap")
    assert shown + left_out == len(text)
    assert is_long(text)


def test_a_quote_of_many_words_in_a_long_text_takes_no_time() -> None:
    text = "a " * 150_000
    started = time.monotonic()
    pieces(text, ["a " * 200 + "b"])
    assert time.monotonic() - started < 5
