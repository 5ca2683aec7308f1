"""Searches for the one change to a solution that makes it arrive at the reference.

A change that does so shows where the solution went wrong: the operation, the quantity taken, or
a step too few or too many.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from errormap_dagster.judge.embedded.calculations import is_same
from errormap_dagster.judge.embedded.quantities import Quantity
from errormap_dagster.judge.embedded.solutions import Solution

_BASIC: Final = "+-*/"
_TELLING: Final = 20
"""Whole numbers below are often reached by chance."""


class Change(StrEnum):
    """What is changed in a step."""

    OPERATOR = "operator"
    ORDER = "order"
    SHARE = "share"
    DROPPED = "dropped"
    ADDED = "added"


_BY_TRUST: Final = (
    Change.OPERATOR,
    Change.ORDER,
    Change.DROPPED,
    Change.SHARE,
    Change.ADDED,
)


@dataclass(frozen=True, slots=True)
class Repair:
    """One change to step ``at`` after which the solution arrives at the reference.

    ``operands`` and ``operators`` are those of the changed step, ``value`` is its result.
    ``old`` and ``new`` are the operand replaced or dropped, and the one put in or added.
    ``operator`` is the sign put in or used for the added operand.
    """

    change: Change
    at: int
    operands: tuple[float, ...]
    operators: tuple[str, ...]
    value: float
    old: float | None = None
    new: float | None = None
    operator: str = ""


def find_repairs(
    solution: Solution, quantities: Sequence[Quantity], reference: float
) -> list[Repair]:
    """Return every single change that leads to ``reference``, first by place in the solution."""
    found: list[Repair] = []
    for at in range(solution.last + 1):
        for repair in _candidates(solution, quantities, at):
            result = solution.replay(at, repair.value)
            if result is not None and is_same(result, reference):
                found.append(repair)
    return found


def _candidates(solution: Solution, quantities: Sequence[Quantity], at: int) -> Iterator[Repair]:
    yield from _operators(solution, at)
    yield from _orders(solution, at)
    yield from _shares(solution, quantities, at)
    yield from _dropped(solution, at)
    yield from _added(solution, quantities, at)


def _operators(solution: Solution, at: int) -> Iterator[Repair]:
    expression = solution.steps[at].expression
    for index, sign in enumerate(expression.operators):
        for other in _BASIC:
            if other == sign:
                continue
            operators = (*expression.operators[:index], other, *expression.operators[index + 1 :])
            value = expression.evaluate(expression.operands, operators)
            if value is not None:
                yield Repair(
                    Change.OPERATOR, at, expression.operands, operators, value, operator=other
                )


def _orders(solution: Solution, at: int) -> Iterator[Repair]:
    expression = solution.steps[at].expression
    if len(expression.operands) == len("ab") and expression.operators in {("-",), ("/",)}:
        operands = expression.operands[::-1]
        value = expression.evaluate(operands, expression.operators)
        if value is not None:
            yield Repair(Change.ORDER, at, operands, expression.operators, value)


def _replaced(solution: Solution, at: int, index: int, new: float, change: Change) -> Repair | None:
    expression = solution.steps[at].expression
    operands = (*expression.operands[:index], new, *expression.operands[index + 1 :])
    value = expression.evaluate(operands, expression.operators)
    if value is None:
        return None
    old = expression.operands[index]
    return Repair(change, at, operands, expression.operators, value, old, new)


def _shares(solution: Solution, quantities: Sequence[Quantity], at: int) -> Iterator[Repair]:
    """Take another form of a percentage or fraction: 20 % off is 0.8, not 0.2."""
    for index, operand in enumerate(solution.steps[at].expression.operands):
        for quantity in quantities:
            if not quantity.is_share or not _stands_in(operand, quantity.values):
                continue
            for form in quantity.values:
                # A form above 1 would make a growth of any share, which the words must ask for.
                if not is_same(form, operand) and form < 1:
                    repair = _replaced(solution, at, index, form, Change.SHARE)
                    if repair is not None:
                        yield repair


def _dropped(solution: Solution, at: int) -> Iterator[Repair]:
    """Leave one operand out of a plain sum."""
    expression = solution.steps[at].expression
    if not set(expression.operators) <= {"+", "-"} or expression.has_percent:
        return
    for index in range(len(expression.operands)):
        repair = _replaced(solution, at, index, 0.0, Change.DROPPED)
        if repair is not None:
            yield repair


def _added(solution: Solution, quantities: Sequence[Quantity], at: int) -> Iterator[Repair]:
    """Go on from the result of the step with a quantity that the solution has not used."""
    step = solution.steps[at]
    for new in dict.fromkeys(unused_values(solution, quantities)):
        # In the middle a sum with some unused figure is too often right by chance.
        for sign in _BASIC if at == solution.last else "*/":
            value = _apply(step.stated, sign, new)
            if value is not None and value >= 0:
                operands, operators = (step.stated, new), (sign,)
                yield Repair(Change.ADDED, at, operands, operators, value, new=new, operator=sign)


def unused_values(solution: Solution, quantities: Sequence[Quantity]) -> list[float]:
    """Return the figures of the question that no step of the solution takes up."""
    taken = [operand for step in solution.steps for operand in step.expression.operands]
    return [
        quantity.values[0]
        for quantity in quantities
        if quantity.is_figure and not any(_stands_in(operand, quantity.values) for operand in taken)
    ]


def _apply(left: float, sign: str, right: float) -> float | None:
    if sign == "/":
        return left / right if right else None
    return {"+": left + right, "-": left - right, "*": left * right}[sign]


def _stands_in(value: float, values: Sequence[float]) -> bool:
    return any(is_same(value, other) for other in values)


def likely_repair(
    repairs: Sequence[Repair],
    solution: Solution,
    quantities: Sequence[Quantity],
    reference: float,
) -> Repair | None:
    """Return the repair least likely to arrive at the reference by chance, None if all may.

    Chance is great where the reference is a small number, where a given quantity stays unused
    after the repair, and for any change that has many alternatives.
    """
    is_telling = reference != int(reference) or abs(reference) >= _TELLING
    for change in _BY_TRUST:
        for repair in repairs:
            if repair.change is not change:
                continue
            if _is_complete(repair, solution, quantities) and _is_trusted(
                repair, solution, is_telling=is_telling
            ):
                return repair
    return None


def _is_trusted(repair: Repair, solution: Solution, *, is_telling: bool) -> bool:
    if repair.change is Change.OPERATOR:
        return is_telling and _is_inverse(repair, solution)
    if repair.change is Change.ORDER:
        return True
    if repair.change is Change.DROPPED:
        return is_telling and repair.at < solution.last and len(repair.operators) > 1
    return is_telling


def _is_complete(repair: Repair, solution: Solution, quantities: Sequence[Quantity]) -> bool:
    """Whether the repaired solution uses every figure of the question."""
    taken = list(repair.operands)
    for index, step in enumerate(solution.steps[: solution.last + 1]):
        if index != repair.at or repair.change is Change.ADDED:
            taken += step.expression.operands
    return all(
        any(_stands_in(value, taken) for value in quantity.values)
        for quantity in quantities
        if quantity.is_figure
    )


def _is_inverse(repair: Repair, solution: Solution) -> bool:
    before = solution.steps[repair.at].expression.operators
    changed = [pair for pair in zip(before, repair.operators, strict=True) if pair[0] != pair[1]]
    return all(set(pair) in ({"+", "-"}, {"*", "/"}) for pair in changed)
