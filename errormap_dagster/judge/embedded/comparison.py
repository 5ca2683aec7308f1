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
_CHANCE: Final = 20
"""Whole numbers below are often reached by chance."""


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
    the way through a longer calculation is known too, but not as a final answer. None as well
    where the error may stand before the departure: in a step that the answer does not rest on, or
    in one that reaches a small number of a correct solution from other operands.
    """
    results = {value for solution in correct for value in _results(solution)}
    known = results | {value for solution in correct for value in _passed(solution, given)}
    reached = Counter(_rounded(step.stated) for step in failed.steps)
    contributing = failed.contributing()
    for at, step in enumerate(failed.steps):
        fitting = results if at == failed.last else known
        if _rounded(step.stated) in fitting or _rounded(step.value) in fitting:
            if _is_chance(step, correct, is_last=at == failed.last):
                return None
            continue
        if at not in contributing:
            return None
        if not _is_sourced(failed, at, given):
            return None
        counterpart, origin = _counterpart(failed, at, correct, reached)
        return Departure(at, counterpart, origin)
    return None


def _is_chance(step: Step, correct: Sequence[Solution], *, is_last: bool) -> bool:
    """Whether a correct solution has this result, but only from other operands.

    Of results in the middle only small whole numbers count, which are often reached by chance.
    """
    alike = [
        (other, other is solution.steps[solution.last])
        for solution in correct
        for other in solution.steps
        if is_same(other.stated, step.stated)
    ]
    is_small = step.stated == int(step.stated) and abs(step.stated) < _CHANCE
    is_early = not is_last and bool(alike) and all(is_end for _, is_end in alike)
    if not alike or not (is_small or is_early):
        return False
    return not any(_takes_same(step, other) for other, _ in alike)


def _is_sourced(failed: Solution, at: int, given: Sequence[float]) -> bool:
    """Whether every large operand of a step is given or comes from a step before it."""
    step = failed.steps[at]
    return all(
        source >= 0 or operand < _CHANCE or any(is_same(operand, value) for value in given)
        for operand, source in zip(step.expression.operands, failed.sources[at], strict=True)
    )


def _takes_same(step: Step, other: Step) -> bool:
    """Whether two steps take the same operands, in any order."""
    own, wanted = step.expression.operands, other.expression.operands
    return sorted(map(_rounded, own)) == sorted(map(_rounded, wanted))


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
    last = failed.steps[failed.last]
    for index in range(solution.last - 1, -1, -1):
        step = solution.steps[index]
        if is_same(step.stated, failed.answer) and _takes_same(step, last):
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
        yield from map(_rounded, _on_the_way(operands, step.expression.operators))


def _on_the_way(operands: Sequence[float], signs: Sequence[str]) -> Iterator[float]:
    """Yield what some operands of a step give by themselves: 36 + 12 in 100 - 36 - 12."""
    if not set(signs) <= {"+", "-"}:
        for left, right in itertools.combinations(operands, 2):
            yield from _pair(left, right, set(signs))
        return
    signed = list(zip(("+", *signs), operands, strict=False))
    for (one, left), (other, right) in itertools.combinations(signed, 2):
        yield left + right if one == other else left - right
    for size in range(3, len(operands)):
        yield from (sum(some) for some in itertools.combinations(operands, size))


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
    failed: Solution, at: int, correct: Sequence[Solution], reached: Counter[float]
) -> tuple[Step | None, int]:
    """Return the step that shares most operands with a failed one and that the output lacks.

    None where two steps with different results share as much.
    """
    step = failed.steps[at]
    wanted = {_rounded(operand) for operand in step.expression.operands}
    derived = {
        _rounded(failed.steps[source].stated) for source in failed.sources[at] if source >= 0
    }
    best: tuple[Step | None, int] = (None, -1)
    most, is_tied = 0.0, False
    for origin, solution in enumerate(correct):
        left = Counter(reached)
        for other in solution.steps:
            if not is_same(other.value, other.stated):
                continue  # a correct answer may have a wrong step in it
            left[_rounded(other.stated)] -= 1
            if left[_rounded(other.stated)] >= 0:
                continue
            likeness = _likeness(wanted, derived, step, other)
            if likeness > most:
                best, most, is_tied = (other, origin), likeness, False
            elif best[0] is not None and likeness == most:
                is_tied = is_tied or not is_same(other.stated, best[0].stated)
    return (None, -1) if is_tied else best


def _likeness(wanted: set[float], derived: set[float], step: Step, other: Step) -> float:
    """Return how many operands two steps share, a result of an earlier step twice.

    Fewer operands and like signs count a little.
    """
    shared = wanted & {_rounded(operand) for operand in other.expression.operands}
    n_shared = len(shared) + len(shared & derived)
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
