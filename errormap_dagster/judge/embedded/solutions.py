"""Reads a worked solution as steps that take up each other's results.

A solution can be replayed with one value changed: what comes of the change is computed again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from errormap_dagster.judge.embedded.answers import final_answer, first_number, numeric
from errormap_dagster.judge.embedded.calculations import Step, is_same, read_steps

MAX_STEPS: Final = 20
_GIVEN: Final = -1


@dataclass(frozen=True, slots=True)
class Solution:
    """The calculations of an output and where each operand comes from.

    ``sources[i][j]`` is the index of the earlier step whose result is operand ``j`` of step
    ``i``, -1 where no step gives it. ``answer`` is the stated final answer where it is a number.
    ``last`` is the index of the step that gives the answer, -1 if none does.
    """

    steps: tuple[Step, ...]
    sources: tuple[tuple[int, ...], ...]
    answer: float | None
    last: int

    def replay(self, at: int, value: float) -> float | None:
        """Return the final answer if step ``at`` had resulted in ``value``.

        None where the answer does not depend on that step or is not defined.
        """
        values = {at: value}
        for index in range(at + 1, self.last + 1):
            if not values.keys() & set(self.sources[index]):
                continue
            result = self.recompute(index, values)
            if result is None:
                return None
            values[index] = result
        return values.get(self.last)

    def recompute(self, index: int, values: Mapping[int, float]) -> float | None:
        """Return the value of step ``index`` with the results of earlier steps replaced."""
        expression = self.steps[index].expression
        pairs = zip(expression.operands, self.sources[index], strict=True)
        operands = [values.get(source, operand) for operand, source in pairs]
        return expression.evaluate(operands, expression.operators)

    def contributing(self) -> frozenset[int]:
        """Return the steps on which the answer rests; all where no step gives the answer."""
        if self.last < 0:
            return frozenset(range(len(self.steps)))
        found = {self.last}
        for index in range(self.last, -1, -1):
            if index in found:
                found.update(source for source in self.sources[index] if source >= 0)
        return frozenset(found)

    def is_used(self, index: int) -> bool:
        """Whether a later step takes up the result of step ``index``."""
        return any(index in taken for taken in self.sources[index + 1 :])


@lru_cache(maxsize=64)
def read_solution(output: str) -> Solution:
    """Read the steps of an output, at most ``MAX_STEPS`` of them, and link them."""
    steps = _merged(read_steps(output))[:MAX_STEPS]
    answer = answer_value(output)
    sources = tuple(_sources(steps, index) for index in range(len(steps)))
    last = _GIVEN
    if answer is not None:
        giving = [index for index, step in enumerate(steps) if is_same(step.stated, answer)]
        last = giving[-1] if giving else _GIVEN
    return Solution(steps, sources, answer, last)


def _merged(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Leave out the later links of a chain a = b = c: they rewrite what stands before."""
    merged: list[Step] = []
    end = -1
    for step in steps:
        if step.start >= end:
            merged.append(step)
        end = max(end, step.end)
    return tuple(merged)


def _sources(steps: tuple[Step, ...], at: int) -> tuple[int, ...]:
    return tuple(_source(steps, at, operand) for operand in steps[at].expression.operands)


def _source(steps: tuple[Step, ...], at: int, operand: float) -> int:
    for index in range(at - 1, -1, -1):
        if is_same(steps[index].stated, operand):
            return index
    return _GIVEN


def answer_value(output: str) -> float | None:
    """Return the number that an output states as its final answer, None if it states none."""
    answer = final_answer(output)
    if answer is None:
        return None
    value = numeric(answer.text)
    return value if value is not None else first_number(answer.text)
