"""Splits prose, LaTeX and calculator notes into the tokens of arithmetic, with their places.

Words are tokens too: they may be units ("5 apples + 3 apples") or end an expression. Reading is
one pass over the text.
"""

import re
from enum import StrEnum
from typing import Final, NamedTuple

MAX_READ: Final = 60_000
"""Characters of a text that are read for arithmetic; what follows is left out."""


class Kind(StrEnum):
    """What a token is to the parser."""

    NUMBER = "number"
    OPERATOR = "operator"
    OPEN = "open"
    CLOSE = "close"
    EQUALS = "equals"
    APPROXIMATELY = "approximately"
    FRACTION = "fraction"
    ROOT = "root"
    PERCENT = "percent"
    FACTORIAL = "factorial"
    WORD = "word"
    SYMBOL = "symbol"
    BREAK = "break"


class Token(NamedTuple):
    """One token; ``start`` and ``end`` are character offsets in the text that was read."""

    kind: Kind
    text: str
    start: int
    end: int


_PATTERN: Final = re.compile(
    r"""
    (?P<times>\\{1,2}(?:times|cdot|ast)(?![a-zA-Z])|[×·∙⋅]|(?<=[\d)%])[ ]?[xX][ ]?(?=\\?\$?[\d(]))
    |(?P<skip>[ \t]+|\$|\\{1,2}[$,;!\ ]|~|&|\\{1,2}[()\[\]]|(?<!\d)\*\*|\*\*(?!\d)
      |\\{1,2}(?:left|right|displaystyle|q?quad)\b)
    |(?P<fraction>\\{1,2}[dtc]?frac(?![a-zA-Z]))
    |(?P<root>\\{1,2}sqrt(?![a-zA-Z])|√)
    |(?P<divide>\\{1,2}div(?![a-zA-Z])|÷)
    |(?P<approximately>\\{1,2}(?:approx|simeq|sim)(?![a-zA-Z])|≈|≅)
    |(?P<word>\\{1,2}(?:text|mathrm|mbox|textbf)\{[^{}\\]{0,40}\}|[^\W\d_]+(?:'[a-z]+)?)
    |(?P<percent>\\{0,2}%)
    |(?P<newline>\n+|\\{1,2}n(?!eq|e\b|ot|u\b|mid|abla))
    |(?P<symbol>\\{1,2}[a-zA-Z]+|_|\\{1,2})
    |(?P<number>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+\.\d+|\.\d+|\d+)
    |(?P<power>\^|\*\*)
    |(?P<operator>[-+*/−–])
    |(?P<equals>=)
    |(?P<open>[({\[])
    |(?P<close>[)}\]])
    |(?P<factorial>!)
    |(?P<other>.)
    """,
    re.VERBOSE,
)
_OPERATORS: Final = {"times": "*", "divide": "/", "power": "^"}
_KINDS: Final = {
    "fraction": Kind.FRACTION,
    "root": Kind.ROOT,
    "approximately": Kind.APPROXIMATELY,
    "percent": Kind.PERCENT,
    "newline": Kind.BREAK,
    "symbol": Kind.SYMBOL,
    "number": Kind.NUMBER,
    "equals": Kind.EQUALS,
    "open": Kind.OPEN,
    "close": Kind.CLOSE,
    "factorial": Kind.FACTORIAL,
    "other": Kind.BREAK,
}
_SIGNS: Final = {"−": "-", "–": "-"}
_ATTACHED_UNITS: Final = frozenset(
    "cm mm km kg mg ml hr hrs ft in lb lbs oz mph min hours minutes years days st nd rd th".split()
)


def tokens(text: str) -> list[Token]:
    """Return the tokens of the first ``MAX_READ`` characters of ``text``."""
    found: list[Token] = []
    for match in _PATTERN.finditer(text, 0, MAX_READ):
        group = match.lastgroup or "other"
        if group != "skip":
            found.append(_token(group, match))
    return found


def _is_variable(word: str, match: re.Match[str]) -> bool:
    """Whether a word stands for a number: one letter, or letters written onto a figure (2xy)."""
    before = match.string[match.start() - 1 : match.start()]
    if before.isdigit() or before == ")":
        return word.lower() not in _ATTACHED_UNITS
    return len(word) == 1 and word not in "aAI"


def _token(group: str, match: re.Match[str]) -> Token:
    text = match.group()
    if group in _OPERATORS:
        return Token(Kind.OPERATOR, _OPERATORS[group], match.start(), match.end())
    if group == "operator":
        return Token(Kind.OPERATOR, _SIGNS.get(text, text), match.start(), match.end())
    if group == "word":
        kind = Kind.SYMBOL if _is_variable(text, match) else Kind.WORD
        return Token(kind, text.lower(), match.start(), match.end())
    return Token(_KINDS[group], text, match.start(), match.end())
