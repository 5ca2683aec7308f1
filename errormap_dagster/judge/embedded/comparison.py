"""Compares a failed solution, step by step, with the correct solutions of the same example."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from errormap_dagster.judge.embedded.calculations import Step, is_same
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


def find_departure(failed: Solution, correct: Sequence[Solution]) -> Departure | None:
    """Return the first departing step, None when every step stands in a correct solution."""
    known = {value for solution in correct for value in _known_values(solution)}
    reached = {_rounded(step.stated) for step in failed.steps}
    for at, step in enumerate(failed.steps):
        if _rounded(step.stated) in known or _rounded(step.value) in known:
            continue
        counterpart, origin = _counterpart(step, correct, reached)
        return Departure(at, counterpart, origin)
    return None


def stops_before_end(failed: Solution, correct: Sequence[Solution]) -> tuple[Step, ...]:
    """Return the steps with which the first correct solution goes on after the failed answer.

    Empty unless the failed answer is an intermediate result of every correct solution.
    """
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


def _known_values(solution: Solution) -> Iterator[float]:
    """Values of steps, their operands, and what two operands of a step give on the way."""
    for step in solution.steps:
        yield _rounded(step.stated)
        yield _rounded(step.value)
        operands = step.expression.operands[:_MOST_OPERANDS]
        yield from map(_rounded, operands)
        signs = set(step.expression.operators)
        for left, right in itertools.combinations(operands, 2):
            if "+" in signs:
                yield _rounded(left + right)
            if "*" in signs:
                yield _rounded(left * right)
            if "-" in signs:
                yield from (_rounded(left - right), _rounded(left + right))
            if "/" in signs and right:
                yield _rounded(left / right)


def _counterpart(
    step: Step, correct: Sequence[Solution], reached: set[float]
) -> tuple[Step | None, int]:
    """Return the step that shares most operands with ``step`` and that the failed output lacks."""
    wanted = {_rounded(operand) for operand in step.expression.operands}
    best: tuple[Step | None, int] = (None, -1)
    most = 0
    for origin, solution in enumerate(correct):
        for other in solution.steps:
            if _rounded(other.stated) in reached:
                continue
            n_shared = len(wanted & {_rounded(operand) for operand in other.expression.operands})
            if n_shared > most:
                best, most = (other, origin), n_shared
    return best
