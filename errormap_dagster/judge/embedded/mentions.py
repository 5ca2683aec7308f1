"""Tells which numbers an output mentions or works with, and which of them it could have derived."""

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Final

from errormap_dagster.judge.embedded.calculations import is_same
from errormap_dagster.judge.embedded.quantities import Quantity, read_quantities
from errormap_dagster.judge.embedded.solutions import Solution

_MAX_READ: Final = 8_000
_NUMBER: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\.\d+|\d+")
_CONVERSIONS: Final = (2.0, 4.0, 7.0, 10.0, 12.0, 24.0, 30.0, 52.0, 60.0, 100.0, 365.0, 1000.0)
_MOST_SOURCES: Final = 24


def numbers_in(text: str) -> set[float]:
    """Return every number that stands in figures in the first 8,000 characters."""
    return {float(match.group().replace(",", "")) for match in _NUMBER.finditer(text[:_MAX_READ])}


def operands_of(solution: Solution) -> list[float]:
    """Return all operands of a solution in reading order."""
    return [operand for step in solution.steps for operand in step.expression.operands]


def stands_in(value: float, values: Iterable[float]) -> bool:
    """Whether one of ``values`` is ``value``."""
    return any(is_same(value, other) for other in values)


def is_used(quantity: Quantity, operands: Sequence[float]) -> bool:
    """Whether a form of the quantity is among the operands."""
    return any(stands_in(value, operands) for value in quantity.values)


def is_mentioned(quantity: Quantity, output: str) -> bool:
    """Whether an output has the quantity in any form, in figures or in words."""
    if any(stands_in(value, numbers_in(output)) for value in quantity.values):
        return True
    words = [other for other in read_quantities(output) if not other.is_figure]
    return any(is_used(quantity, other.values) for other in words)


def is_taken_in_the_head(quantity: Quantity, given: Sequence[Quantity], output: str) -> bool:
    """Whether the output has a given amount multiplied by a form of the share ``quantity``."""
    if len(quantity.values) == 1:
        return False
    amounts = [other.values[0] for other in given if other.is_figure and other is not quantity]
    written = numbers_in(output)
    return any(
        stands_in(amount * form, written) and not stands_in(amount * form, amounts)
        for amount in amounts
        for form in quantity.values
    )


def is_derivable(value: float, sources: Sequence[float]) -> bool:
    """Whether one operation on two known numbers, or a conversion, gives ``value``."""
    known = [*dict.fromkeys(sources)][:_MOST_SOURCES]
    for source in known:
        if any(is_same(value, source * factor) for factor in _CONVERSIONS):
            return True
        if any(is_same(value * factor, source) for factor in _CONVERSIONS):
            return True
        if any(is_same(value, part) for part in (1 - source, 1 + source, source - 1, 100 - source)):
            return True
    return any(
        stands_in(value, _pair(left, right)) for left, right in itertools.permutations(known, 2)
    )


def _pair(left: float, right: float) -> tuple[float, ...]:
    quotient = left / right if right else left
    return (left + right, left - right, left * right, quotient)
