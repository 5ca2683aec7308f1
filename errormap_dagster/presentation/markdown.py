"""Markdown of our own making around texts that are not: what a user interface renders."""

import base64
import re
from collections.abc import Iterable, Sequence

from errormap_dagster.presentation.texts import visible

_LONGEST = 120
# Any of these may stand after a backslash, and then means itself.
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def escaped(text: str) -> str:
    """A text that Markdown shows as it is, on one line: no markup, no link, no table cell ends."""
    line = visible(" ".join(text.split()))
    shown = line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
    return _PUNCTUATION.sub(r"\\\1", shown)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are Markdown, so texts of others must be ``escaped`` before."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def picture(title: str, svg: str) -> str:
    """A picture that travels within the text. A browser runs no script in a picture."""
    data = base64.b64encode(svg.encode("utf-8", errors="replace")).decode()
    return f"![{escaped(title)}](data:image/svg+xml;base64,{data})"
