"""Compares a failed solution, step by step, with the correct solutions of the same example."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from errormap_dagster.judge.embedded.calculations import Step, is_same
from errormap_dagster.judge.embedded.quantities import Quantity
from errormap_dagster.judge.embedded.solutions import Solution

_MOST_OPERANDS: Final = 8
_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Departure:
    """The first step of a failed solution whose value no correct solution knows.

    ``counterpart`` is the step of a correct solution that takes its place, ``origin`` the index
    of that solution; both None or -1 where nothing corresponds.
    """

    at: int
    counterpart: Step | None
    origin: int


def find_departure(
    failed: Solution, correct: Sequence[Solution], given: Sequence[float]
) -> Departure | None:
    """Return the first departing step, None when every step stands in a correct solution.

    ``given`` are the values that the question states. What a correct solution only reaches on
    the way through a longer calculation is known too, but not as a final answer.
    """
    results = {value for solution in correct for value in _results(solution)}
    known = results | {value for solution in correct for value in _passed(solution, given)}
    reached = Counter(_rounded(step.stated) for step in failed.steps)
    contributing = failed.contributing()
    for at, step in enumerate(failed.steps):
        if at not in contributing:
            continue
        fitting = results if at == failed.last else known
        if _rounded(step.stated) in fitting or _rounded(step.value) in fitting:
            continue
        counterpart, origin = _counterpart(step, correct, reached)
        return Departure(at, counterpart, origin)
    return None


def stops_before_end(failed: Solution, correct: Sequence[Solution]) -> tuple[Step, ...]:
    """Return the steps with which the first correct solution goes on after the failed answer.

    Empty unless the failed answer is an intermediate result of every correct solution and no
    step of the failed one is foreign to all of them.
    """
    results = {value for solution in correct for value in _results(solution)}
    if any(_rounded(step.stated) not in results for step in failed.steps):
        return ()
    rests = [_rest(failed, solution) for solution in correct]
    return rests[0] if rests and all(rests) else ()


def _rest(failed: Solution, solution: Solution) -> tuple[Step, ...]:
    if failed.answer is None:
        return ()
    for index, step in enumerate(solution.steps[: max(0, solution.last)]):
        if is_same(step.stated, failed.answer):
            return solution.steps[index + 1 : solution.last + 1]
    return ()


def knows(solution: Solution, value: float) -> bool:
    """Whether a step of the solution results in ``value``."""
    return any(is_same(step.stated, value) for step in solution.steps)


def _rounded(value: float) -> float:
    return round(value, _DIGITS) + 0.0


def _results(solution: Solution) -> Iterator[float]:
    for step in solution.steps:
        yield _rounded(step.stated)
        yield _rounded(step.value)


def _passed(solution: Solution, given: Sequence[float]) -> Iterator[float]:
    """Yield operands worked out in the head, and what some operands of a step give on the way."""
    for step in solution.steps:
        operands = step.expression.operands[:_MOST_OPERANDS]
        for operand in operands:
            if not any(is_same(operand, value) for value in given):
                yield _rounded(operand)
        signs = set(step.expression.operators)
        for left, right in itertools.combinations(operands, 2):
            yield from map(_rounded, _pair(left, right, signs))
        if signs <= {"+", "-"}:
            for size in range(3, len(operands)):
                yield from (_rounded(sum(some)) for some in itertools.combinations(operands, size))


def _pair(left: float, right: float, signs: set[str]) -> Iterator[float]:
    if signs & {"+", "-"}:
        yield left + right
    if "-" in signs:
        yield left - right
    if "*" in signs:
        yield left * right
    if "/" in signs and right:
        yield left / right


def _counterpart(
    step: Step, correct: Sequence[Solution], reached: Counter[float]
) -> tuple[Step | None, int]:
    """Return the step that shares most operands with ``step`` and that the failed output lacks."""
    wanted = {_rounded(operand) for operand in step.expression.operands}
    best: tuple[Step | None, int] = (None, -1)
    most = 0.0
    for origin, solution in enumerate(correct):
        left = Counter(reached)
        for other in solution.steps:
            left[_rounded(other.stated)] -= 1
            if left[_rounded(other.stated)] >= 0:
                continue
            likeness = _likeness(wanted, step, other)
            if likeness > most:
                best, most = (other, origin), likeness
    return best


def _likeness(wanted: set[float], step: Step, other: Step) -> float:
    """Return how many operands two steps share; fewer operands and like signs count a little."""
    n_shared = len(wanted & {_rounded(operand) for operand in other.expression.operands})
    is_like = step.expression.operators == other.expression.operators
    return n_shared + 0.4 * is_like - 0.01 * len(other.expression.operands) if n_shared else 0.0


class Difference(StrEnum):
    """How a departing step differs from the step of a correct solution in its place."""

    OPERATORS = "operators"
    ORDER = "order"
    SHARE = "share"
    ONE_OPERAND = "one operand"
    FEWER = "fewer"
    MORE = "more"
    OTHER = "other"


def difference(step: Step, other: Step, quantities: Sequence[Quantity]) -> Difference:
    """Return how ``step`` differs from its counterpart in a correct solution."""
    own = Counter(map(_rounded, step.expression.operands))
    wanted = Counter(map(_rounded, other.expression.operands))
    signs, wanted_signs = step.expression.operators, other.expression.operators
    lacking, surplus = wanted - own, own - wanted
    if not lacking and not surplus:
        return Difference.ORDER if signs == wanted_signs else Difference.OPERATORS
    if lacking.total() == 1 and surplus.total() == 1:
        old, new = next(iter(surplus)), next(iter(lacking))
        if _are_forms(old, new, quantities):
            return Difference.SHARE
        if Counter(signs) == Counter(wanted_signs):
            return Difference.ONE_OPERAND
    if set(signs) <= set(wanted_signs) and not surplus:
        is_fraction = "/" in wanted_signs and "*" in wanted_signs
        return Difference.SHARE if is_fraction else Difference.FEWER
    if set(wanted_signs) <= set(signs) and not lacking:
        return Difference.MORE
    return Difference.OTHER


def _are_forms(left: float, right: float, quantities: Sequence[Quantity]) -> bool:
    """Whether two values are forms of one percentage or fraction of the question."""
    return any(
        quantity.is_share
        and any(is_same(left, value) for value in quantity.values)
        and any(is_same(right, value) for value in quantity.values)
        for quantity in quantities
    )
