"""Finds the final answer in an output, and compares answers after normalisation.

Strict on purpose: two answers are the same only where no reader would doubt it.
"""

import math
import re
from collections import deque
from dataclasses import dataclass
from typing import Final

from errormap_dagster.judge.embedded.expressions import read_expression
from errormap_dagster.judge.embedded.tokens import tokens

_TAIL: Final = 20_000
_MAX_ANSWER: Final = 400
_MAX_NUMERIC: Final = 80
_FIELD: Final = re.compile(r'\\?"answer\\?"\s*:\s*(?:\\?"|“)?')
_BOXED: Final = re.compile(r"\\+(?:boxed|fbox)\s*\{")
_MARKED: Final = re.compile(r"(?:^|\n)(?:A:|####)[ \t]*([^\n]+)")
_SAID: Final = re.compile(
    r"(?:final answer|answer)[*_]{0,3}\s*(?:is|:)[*_]{0,3}[:\s]*([^\n]{1,200})", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"-?\$?\d[\d,]*(?:\.\d+)?|-?\.\d+")


@dataclass(frozen=True, slots=True)
class Answer:
    """A final answer as it stands in an output; ``kind`` is field, boxed, marked or said."""

    text: str
    kind: str
    start: int
    end: int


def final_answer(output: str) -> Answer | None:
    """Return the last answer that the output states as such, None if it states none."""
    offset = max(0, len(output) - _TAIL)
    tail = output[offset:]
    for find in (_field, _boxed, _marked, _said):
        answer = find(tail)
        if answer is not None:
            start = answer.start + offset
            return Answer(answer.text, answer.kind, start, answer.end + offset)
    return None


def json_answer(output: str) -> Answer | None:
    """Return the value of the last ``"answer"`` field, None if there is no such field."""
    offset = max(0, len(output) - _TAIL)
    answer = _field(output[offset:])
    if answer is None:
        return None
    return Answer(answer.text, answer.kind, answer.start + offset, answer.end + offset)


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = deque(pattern.finditer(text), maxlen=1)
    return found[0] if found else None


def _field(text: str) -> Answer | None:
    last = _last(_FIELD, text)
    if last is None:
        return None
    start = last.end()
    line = text.find("\n", start)
    end = min(len(text), start + _MAX_ANSWER) if line == -1 else min(line, start + _MAX_ANSWER)
    value = re.sub(r'[\s"”}`,]+$', "", text[start:end])
    return Answer(_balanced(value, text[start:end]), "field", start, end)


def _balanced(value: str, source: str) -> str:
    """Give back closing braces of LaTeX that were taken for braces of JSON."""
    lacking = value.count("{") - value.count("}")
    if lacking > 0 and source[len(value) :].startswith("}" * lacking):
        return value + "}" * lacking
    return value


def _boxed(text: str) -> Answer | None:
    last = _last(_BOXED, text)
    if last is None:
        return None
    depth = 1
    for at in range(last.end(), min(len(text), last.end() + _MAX_ANSWER)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return Answer(text[last.end() : at], "boxed", last.end(), at)
    return None


def _marked(text: str) -> Answer | None:
    last = _last(_MARKED, text)
    return None if last is None else Answer(last.group(1).strip(), "marked", *last.span(1))


def _said(text: str) -> Answer | None:
    last = _last(_SAID, text)
    return None if last is None else Answer(last.group(1).strip(), "said", *last.span(1))


_DROPPED: Final = re.compile(
    r"\\{1,2}(?:left|right|displaystyle|quad|qquad|limits)(?![a-zA-Z])|\\{1,2}[()\[\],;!: ]"
    r"|\\{0,2}\$|\^\{?\\{1,2}circ\}?|\\{1,2}degree|°|\\{0,2}%|\s+|[*`\"]"
)
_TEXT: Final = re.compile(r"\\{1,2}(?:text|mathrm|textbf|mbox|mathbf)\s*\{([^{}]*)\}")
_LABEL: Final = re.compile(r"^[a-zA-Z](?:_\{?\w\}?)?(?:\([a-z]\))?\s*=\s*(?=[^=])")
_UNIT: Final = re.compile(
    r"(?<=[\d})])\s*(?:square|cubic)?\s*(?:units?|dollars?|cents?|degrees?|inches|inch|feet|foot|ft"
    r"|miles?|meters?|m|cm|km|mm|hours?|minutes?|seconds?|days?|people|ways|percent)"
    r"(?:\^\{?[23]\}?)?\.?$"
)


def normalise(answer: str) -> str:
    """Return the answer without spacing, delimiters, units and LaTeX variants."""
    text = _TEXT.sub(lambda match: " " + match.group(1), answer.strip()).strip().rstrip(".")
    text = re.sub(r"\\{1,2}[dtc]frac", r"\\frac", text)
    text = re.sub(r"\\frac\s*(\d)\s*(\d)(?!\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\sqrt\s*(\d)(?!\d)", r"\\sqrt{\1}", text)
    text = _LABEL.sub("", text.strip().strip("$").strip())
    text = _UNIT.sub("", text.strip().rstrip("$").strip())
    text = _DROPPED.sub("", text).replace("{,}", ",")
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text).replace("−", "-").rstrip(".")


def numeric(answer: str) -> float | None:
    """Return the value of an answer that is one number or one closed expression."""
    text = normalise(answer)
    if (
        not text
        or len(text) > _MAX_NUMERIC
        or re.search(r"[a-zA-Z]{3,}", re.sub(r"\\\w+", "", text))
    ):
        return None
    source = tokens(text)
    reading = read_expression(source, 0) if source else None
    if reading is None or reading.after != len(source):
        return None
    return reading.expression.value


def same_answer(left: str, right: str) -> bool:
    """Whether two answers are the same beyond doubt."""
    first, second = normalise(left), normalise(right)
    if not first or not second:
        return False
    if first.casefold() == second.casefold():
        return True
    one, two = numeric(left), numeric(right)
    if one is None or two is None:
        return False
    return math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-12)


def first_number(text: str) -> float | None:
    """Return the first number of a text, None if there is none."""
    match = _NUMBER.search(text)
    if match is None:
        return None
    return float(match.group().replace("$", "").replace(",", "").rstrip("."))
