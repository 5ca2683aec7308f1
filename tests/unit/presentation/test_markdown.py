import base64
from xml.etree import ElementTree as ET

import pytest

from errormap_dagster.presentation.markdown import escaped, picture, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain-7b", r"plain\-7b"),
        ("<script>", r"\<script\>"),
        ("a | b\nc", r"a \| b c"),
        ("[x](http://y)", r"\[x\]\(http\:\/\/y\)"),
        ("`*_#", r"\`\*\_\#"),
        ("\u202eabc", r"\[U\+202E\]abc"),
    ],
)
def test_texts_of_others_are_no_markdown(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_a_long_text_is_cut_visibly() -> None:
    assert escaped("x" * 500).endswith("…")


def test_a_table_has_as_many_lines_as_rows_and_two_more() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_a_picture_travels_within_the_text() -> None:
    shown = picture("x", "<svg/>")
    data = shown.removeprefix("![x](data:image/svg+xml;base64,").removesuffix(")")
    assert ET.fromstring(base64.b64decode(data)).tag == "svg"  # noqa: S314 - our own
