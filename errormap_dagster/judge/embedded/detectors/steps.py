"""Finds the step where the solution of a word problem leaves the way to the reference.

Looks at correct solutions where there are any, and replays the solution with one step changed.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import Criterion, FailureCase, Outcome
from errormap_dagster.judge.embedded.calculations import Step, is_same
from errormap_dagster.judge.embedded.comparison import (
    Departure,
    Difference,
    difference,
    find_departure,
    knows,
    stops_before_end,
)
from errormap_dagster.judge.embedded.findings import Finding, met, missing, quote, unmet
from errormap_dagster.judge.embedded.mentions import stands_in
from errormap_dagster.judge.embedded.numbers_shown import show, show_operation, show_written
from errormap_dagster.judge.embedded.quantities import Quantity, read_quantities
from errormap_dagster.judge.embedded.repairs import Change, Repair, find_repairs, likely_repair
from errormap_dagster.judge.embedded.solutions import Solution
from errormap_dagster.judge.embedded.tasks import question_of, reference_value
from errormap_dagster.judge.embedded.word_problems import failed_solution, readable_solutions

OPERATION: Final = "Wrong operation"
ORDER: Final = "Operands in wrong order"
SHARE: Final = "Percentage or fraction misapplied"
QUANTITY: Final = "Wrong quantity used"
STOPS: Final = "Stops before the last step"
LEFT_OUT: Final = "Step left out"
TERM_LEFT_OUT: Final = "Term left out of calculation"
TERM_TOO_MANY: Final = "Unneeded term in calculation"
EXTRA: Final = "Unneeded extra step"
NEXT_STEP: Final = "Wrong next step chosen"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        OPERATION: "atlas.incorrect_method",
        ORDER: "atlas.incorrect_method",
        SHARE: "atlas.incorrect_method",
        QUANTITY: "atlas.incorrect_identification",
        STOPS: "atlas.incomplete_reasoning",
        LEFT_OUT: "atlas.incomplete_reasoning",
        TERM_LEFT_OUT: "atlas.incomplete_reasoning",
        TERM_TOO_MANY: "atlas.logical_reasoning_error",
        EXTRA: "atlas.logical_reasoning_error",
        NEXT_STEP: "atlas.logical_reasoning_error",
    }
)

_BY_CHANGE: Final[Mapping[Change, str]] = MappingProxyType(
    {
        Change.OPERATOR: OPERATION,
        Change.ORDER: ORDER,
        Change.SHARE: SHARE,
        Change.ADDED: LEFT_OUT,
        Change.DROPPED: TERM_TOO_MANY,
    }
)
_BY_DIFFERENCE: Final[Mapping[Difference, tuple[str, float]]] = MappingProxyType(
    {
        Difference.OPERATORS: (OPERATION, 0.9),
        Difference.ORDER: (ORDER, 0.85),
        Difference.SHARE: (SHARE, 0.85),
        Difference.ONE_OPERAND: (QUANTITY, 0.8),
        Difference.FEWER: (TERM_LEFT_OUT, 0.85),
        Difference.MORE: (TERM_TOO_MANY, 0.8),
        Difference.OTHER: (NEXT_STEP, 0.65),
    }
)
_MOST_CRITERIA: Final = 4


def find_departing_step(case: FailureCase) -> Finding | None:
    """Return the first step that leaves the way to the reference, None where none is certain."""
    reference, failed = reference_value(case), failed_solution(case)
    if reference is None or failed is None:
        return None
    output, correct = case.output_text or "", readable_solutions(case)
    quantities = read_quantities(question_of(case))
    return (
        _passed_by(output, failed, list(correct.values()), reference)
        or _stopped(output, failed, correct)
        or _departed(output, failed, correct, quantities)
        or _repaired(output, failed, quantities, reference)
    )


def _passed_by(
    output: str, failed: Solution, correct: Sequence[Solution], reference: float
) -> Finding | None:
    """The reference is reached on the way, and a later step leads away from it."""
    reached = [index for index, step in enumerate(failed.steps) if is_same(step.stated, reference)]
    if not reached or reached[-1] >= failed.last:
        return None
    if not any(_ends_like(other, failed, reached[-1]) for other in correct):
        return None
    using = [
        index
        for index in range(reached[-1] + 1, failed.last + 1)
        if reached[-1] in failed.sources[index]
    ]
    right = failed.steps[reached[-1]]
    step = failed.steps[using[0] if using else failed.last]
    told = (
        f"The solution reaches {show(reference)}, which is the reference, but goes on to compute "
        f"{_written(output, step)} and ends with {show(failed.answer or step.stated)}."
    )
    criteria = (
        met("Reaches the asked value", _quoted(output, right), "this is the reference"),
        unmet("Stops when the question is answered", _quoted(output, step), told),
    )
    return Finding(Outcome.ERROR_FOUND, EXTRA, told, criteria, step.start, 0.85)


def _ends_like(solution: Solution, failed: Solution, at: int) -> bool:
    """Whether the last step of a correct solution takes the same operands, derived alike."""
    return _operands(solution, solution.last) == _operands(failed, at)


def _operands(solution: Solution, at: int) -> list[tuple[float, bool]]:
    """Return the operands of a step in order, each with whether a step before it gives it."""
    operands, sources = solution.steps[at].expression.operands, solution.sources[at]
    return sorted((operand, source >= 0) for operand, source in zip(operands, sources, strict=True))


def _stopped(output: str, failed: Solution, correct: Mapping[str, Solution]) -> Finding | None:
    """The answer is only an intermediate result of every correct solution."""
    rest = stops_before_end(failed, list(correct.values()))
    if not rest or failed.last < 0 or failed.answer is None:
        return None
    going_on = [_written(next(iter(correct)), step) for step in rest[:2]]
    step = failed.steps[failed.last]
    told = (
        f"The solution stops at {show(failed.answer)}, an intermediate result of every correct "
        f"solution; what is left to do is {' and '.join(going_on)}."
    )
    criteria = (
        met("Reaches the intermediate result", _quoted(output, step), "stands in correct ones too"),
        *(missing(f"Computes {text}", "the solution ends before this step") for text in going_on),
    )
    return Finding(Outcome.ERROR_FOUND, STOPS, told, criteria, step.end, 0.8)


def _departed(
    output: str,
    failed: Solution,
    correct: Mapping[str, Solution],
    quantities: Sequence[Quantity],
) -> Finding | None:
    """A step has a value that no correct solution knows."""
    given = [value for quantity in quantities for value in quantity.values]
    solutions = list(correct.values())
    departure = find_departure(failed, solutions, given) if correct else None
    if departure is None:
        return None
    step = failed.steps[departure.at]
    if departure.counterpart is None:
        return None
    kind = difference(step, departure.counterpart, quantities)
    if not _is_told(kind, failed, solutions, departure, given):
        return None
    title, certainty = _BY_DIFFERENCE[kind]
    wanted = _written(list(correct)[departure.origin], departure.counterpart)
    told = (
        f"The solution computes {_written(output, step)} where "
        f"{'a correct solution computes' if len(correct) == 1 else 'correct solutions compute'} "
        f"{wanted}."
    )
    criteria = (
        *_shared(output, failed, solutions, departure.at),
        unmet(f"Computes {wanted}", _quoted(output, step), told),
    )
    return Finding(Outcome.ERROR_FOUND, title, told, criteria, step.start, certainty)


def _is_told(
    kind: Difference,
    failed: Solution,
    correct: Sequence[Solution],
    departure: Departure,
    given: Sequence[float],
) -> bool:
    """Whether the two steps stand in the same place beyond doubt.

    Steps that have little in common do so only where both go on from a result that they share;
    another operand is a wrong one only where the right one is given or derived.
    """
    counterpart = departure.counterpart
    if counterpart is None:
        return False
    wanted = counterpart.expression.operands
    before = [step.stated for step in failed.steps[: departure.at]]
    if kind is Difference.OTHER:
        return any(stands_in(value, before) for value in wanted)
    if kind is not Difference.ONE_OPERAND:
        return True
    source = correct[departure.origin]
    known = [*given, *(step.stated for step in source.steps)]
    return all(stands_in(value, known) for value in wanted)


def _shared(
    output: str, failed: Solution, correct: Sequence[Solution], before: int
) -> tuple[Criterion, ...]:
    """The steps before the departure that stand in a correct solution too."""
    return tuple(
        met(f"Computes {_written(output, step)}", _quoted(output, step), "in correct ones too")
        for step in failed.steps[: min(before, _MOST_CRITERIA)]
        if any(knows(solution, step.stated) for solution in correct)
    )


def _repaired(
    output: str, failed: Solution, quantities: Sequence[Quantity], reference: float
) -> Finding | None:
    """One change to one step makes the solution arrive at the reference."""
    repairs = find_repairs(failed, quantities, reference)
    repair = likely_repair(repairs, failed, quantities, reference)
    if repair is None:
        return None
    step = failed.steps[repair.at]
    is_last = repair.at == failed.last
    title = _BY_CHANGE[repair.change]
    if repair.change is Change.ADDED and is_last:
        title = TERM_LEFT_OUT if repair.operator in "+-" else STOPS
    told = _told(output, failed, repair, reference)
    criterion = unmet(f"Computes {_changed(repair)}", _quoted(output, step), told)
    if repair.change is Change.ADDED:
        criterion = missing(f"Computes {_changed(repair)}", told)
        met_before = met("Gets so far", _quoted(output, step), "the step before the missing one")
        return Finding(Outcome.ERROR_FOUND, title, told, (met_before, criterion), step.end, 0.7)
    return Finding(Outcome.ERROR_FOUND, title, told, (criterion,), step.start, 0.7)


def _told(output: str, failed: Solution, repair: Repair, reference: float) -> str:
    step = failed.steps[repair.at]
    written, changed = _written(output, step), _changed(repair)
    if repair.change is Change.ADDED:
        return (
            f"After {written} the solution never uses {show(repair.new or 0.0)}; with the step "
            f"{changed} it would arrive at the reference {show(reference)}."
        )
    return (
        f"The solution computes {written}; with {changed} in its place, and all else "
        f"unchanged, it would arrive at the reference {show(reference)}."
    )


def _changed(repair: Repair) -> str:
    return f"{show_operation(repair.operands, repair.operators)} = {show(repair.value)}"


def _written(text: str, step: Step) -> str:
    return show_written(text[step.start : step.end])


def _quoted(output: str, step: Step) -> str:
    return quote(output, step.start, step.end)
