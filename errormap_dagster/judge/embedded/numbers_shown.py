"""Writes numbers and operations as a reader expects them in a summary."""

import re
from collections.abc import Sequence
from typing import Final

_NOTE: Final = re.compile(r"<<[^<>\n]{1,160}>>")
_LARGEST_WHOLE: Final = 1e15
_SIGNS: Final = {"*": "×", "/": "÷", "+": "+", "-": "-", "^": "^"}


def show(value: float) -> str:
    """Return the number with at most six significant digits, whole numbers in full."""
    if value == int(value) and abs(value) < _LARGEST_WHOLE:
        return str(int(value))
    return f"{value:.6g}"


def show_sign(operator: str) -> str:
    """Return the sign of one of the operators + - * / ^ as printed."""
    return _SIGNS[operator]


def show_operation(operands: Sequence[float], operators: Sequence[str]) -> str:
    """Return a flat operation of one operator less than operands."""
    parts = [show(operands[0])]
    for operator, operand in zip(operators, operands[1:], strict=True):
        parts += [show_sign(operator), show(operand)]
    return " ".join(parts)


def show_written(text: str) -> str:
    """Return a calculation as it stands in a text, on one line and without calculator notes."""
    return " ".join(_NOTE.sub("", text).split())
