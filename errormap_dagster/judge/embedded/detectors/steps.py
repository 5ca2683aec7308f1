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
    find_departure,
    knows,
    stops_before_end,
)
from errormap_dagster.judge.embedded.findings import Finding, met, missing, quote, unmet
from errormap_dagster.judge.embedded.numbers_shown import show, show_operation, show_written
from errormap_dagster.judge.embedded.quantities import read_quantities
from errormap_dagster.judge.embedded.repairs import Change, Repair, find_repairs
from errormap_dagster.judge.embedded.solutions import Solution, read_solution
from errormap_dagster.judge.embedded.tasks import question_of, reference_value

OPERATION: Final = "Wrong operation"
ORDER: Final = "Operands in wrong order"
SHARE: Final = "Percentage or fraction misapplied"
QUANTITY: Final = "Wrong quantity used"
STOPS: Final = "Stops before the last step"
LEFT_OUT: Final = "Step left out"
EXTRA: Final = "Unneeded extra step"
DEPARTS: Final = "Step departs from solution"
OTHER_ANSWER: Final = "Answer differs from own result"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        OPERATION: "atlas.incorrect_method",
        ORDER: "atlas.incorrect_method",
        SHARE: "atlas.incorrect_method",
        QUANTITY: "atlas.incorrect_identification",
        STOPS: "atlas.incomplete_reasoning",
        LEFT_OUT: "atlas.incomplete_reasoning",
        EXTRA: "atlas.logical_reasoning_error",
        DEPARTS: "atlas.logical_reasoning_error",
        OTHER_ANSWER: "atlas.answer_selection_error",
    }
)

_MOST_CRITERIA: Final = 4
_KINDRED: Final = ({"+", "-"}, {"*", "/"})


def find_departing_step(case: FailureCase) -> Finding | None:
    """Return the first step that leaves the way to the reference, None where none is certain."""
    reference, output = reference_value(case), case.output_text
    if reference is None or not output:
        return None
    failed = read_solution(output)
    if not failed.steps or failed.answer is None or is_same(failed.answer, reference):
        return None
    correct = [read_solution(text) for text in case.correct_outputs]
    correct = [solution for solution in correct if solution.steps and solution.last >= 0]
    repairs = find_repairs(failed, read_quantities(question_of(case)), reference)
    return (
        _passed_by(output, failed, reference)
        or _stopped(case, failed, correct)
        or _repaired(output, failed, correct, repairs, reference)
        or _departed(case, failed, correct)
    )
