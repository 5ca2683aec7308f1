"""Reads Python literals: the true value of a task, and the answer that an output gives.

Values are read with ``ast.literal_eval``; nothing is run.
"""

import ast
import json
import re
import warnings
from dataclasses import dataclass
from typing import Final

_MAX_LITERAL: Final = 5_000
_TAIL: Final = 20_000
_FIELD: Final = re.compile(r'"answer"\s{0,20}:\s{0,20}')
_RAW_STRING: Final = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_ASSERTION: Final = re.compile(r"^\s*assert\s+(.+?)\s*==\s*\?\?", re.MULTILINE | re.DOTALL)
_COUNTS: Final = re.compile(r"\b(?:len|count|index|r?find|range|enumerate|sum)\(|[+-]= 1\b")
_QUOTES: Final = ("'", '"')


@dataclass(frozen=True, slots=True)
class Value:
    """A value that was read; the wrapper tells a read None from an unreadable text."""

    value: object


@dataclass(frozen=True, slots=True)
class Given:
    """The predicted answer: its text, its value, and its place in the output."""

    text: str
    value: object
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    """The call that a task asks about: its literal arguments, and whether the code counts."""

    arguments: tuple[object, ...]
    counts: bool


def read_call(prompt: str) -> Call | None:
    """Return the call of the last "assert f(...) == ??" of a prompt, None if there is none."""
    found = list(_ASSERTION.finditer(prompt[-_MAX_LITERAL:]))
    if not found:
        return None
    try:
        node = ast.parse(found[-1].group(1).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(node, ast.Call):
        return None
    parts = [*node.args, *(keyword.value for keyword in node.keywords)]
    values = [literal(ast.unparse(part)) for part in parts]
    arguments = tuple(value.value for value in values if value is not None)
    return Call(arguments, _COUNTS.search(prompt) is not None)


def literal(text: str) -> Value | None:
    """Return the value of a text that is one Python literal, else None."""
    if len(text) > _MAX_LITERAL:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Value(ast.literal_eval(text.strip()))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def read_answer(output: str, expected: object) -> Given | None:
    """Return the last answer of an output, None if there is none or it cannot be read.

    Where a string is expected, an answer without quotes is taken as the string itself.
    """
    offset = max(0, len(output) - _TAIL)
    ends = [match.end() for match in _FIELD.finditer(output, offset)]
    field = _field_text(output, ends[-1]) if ends else None
    if field is None:
        return None
    value = literal(field.text)
    if isinstance(expected, str) and (value is None or not isinstance(value.value, (str, bool))):
        return _bare_string(field, expected)
    if value is None:
        return None
    return Given(field.text, value.value, field.start, field.end)


def _bare_string(field: Given, expected: str) -> Given | None:
    """Read an answer without quotes as a string: inside JSON they are often left out.

    None where only quoting or escaping differs, for then nobody can tell what was meant.
    """
    text = field.text
    if text[:1] in _QUOTES or text[-1:] in _QUOTES or "\\" in text:
        return None
    return None if text == expected else Given(text, text, field.start, field.end)


def _field_text(output: str, start: int) -> Given | None:
    """Read the JSON value at ``start`` as the text of a Python literal."""
    if output[start : start + 1] != '"':
        return _bare_field(output, start)
    match = _RAW_STRING.match(output, start, start + _MAX_LITERAL)
    if match is None:
        return None
    try:
        text = str(json.loads(match.group(), strict=False))
    except ValueError:
        text = match.group(1).replace('\\"', '"')
    return Given(text, None, match.start(1), match.end(1))


def _bare_field(output: str, start: int) -> Given | None:
    try:
        value, end = json.JSONDecoder().raw_decode(output, start)
    except (ValueError, RecursionError):
        return None
    return Given(repr(value), None, start, end)


def differ_by_writing(given: object, expected: object) -> bool:
    """Whether only escapes or quotes differ, which a reader would take for the same value."""
    if isinstance(given, str) != isinstance(expected, str):
        return str(given) == str(expected)
    if not isinstance(given, str) or not isinstance(expected, str) or given == expected:
        return False
    plain = given.replace("\\\\", "\\").replace("\\n", "\n").replace("\\t", "\t")
    return expected in {plain, plain.strip("'\"")} or repr(expected)[1:-1] == given


def same_value(left: object, right: object) -> bool:
    """Whether two values are equal and of the same type."""
    return type(left) is type(right) and left == right
