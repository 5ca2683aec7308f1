"""Follows the quantities of a word problem: left out, invented, or taken for something else."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.judge.embedded.calculations import Step, is_same
from errormap_dagster.judge.embedded.findings import (
    Finding,
    missing,
    partly_met,
    quote,
    quote_line,
    unmet,
)
from errormap_dagster.judge.embedded.mentions import (
    is_derivable,
    is_mentioned,
    is_taken_in_the_head,
    is_used,
    numbers_in,
    operands_of,
    stands_in,
)
from errormap_dagster.judge.embedded.numbers_shown import show, show_written
from errormap_dagster.judge.embedded.quantities import Quantity, is_unit_word, read_quantities
from errormap_dagster.judge.embedded.solutions import Solution, read_solution
from errormap_dagster.judge.embedded.tasks import question_of
from errormap_dagster.judge.embedded.word_problems import failed_solution, readable_solutions

LEFT_OUT: Final = "Given quantity left out"
INVENTED: Final = "Quantity not in the question"
SHARE_AS_AMOUNT: Final = "Share treated as an amount"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        LEFT_OUT: "atlas.incomplete_reasoning",
        INVENTED: "atlas.fabricated_information",
        SHARE_AS_AMOUNT: "atlas.incorrect_method",
    }
)

_SMALL: Final = 12.0
_TOO_SMALL: Final = 4.0
"""Figures up to here often count things that the question goes on to list."""
_CONSTANTS: Final = frozenset(
    float(number)
    for number in (
        "16 20 24 25 28 30 31 32 36 50 52 60 90 100 144 180 360 365 366 1000 1760 2000 3600 5280"
        " 10000"
    ).split()
)
_WHOLE: Final = 100.0
_MOST_NAMED: Final = 3
_RELATIONS: Final = frozenset(
    "twice half double triple thrice third thirds quarter quarters fourth fifth dozen".split()
)
_MULTIPLES: Final = frozenset({"twice", "double", "triple", "thrice", "dozen"})
_NUMBER_AT: Final = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+")


def find_left_out_quantity(case: FailureCase) -> Finding | None:
    """Return a quantity of the question that the output neither uses nor mentions.

    Where there are correct outputs, every one of them has to use it; elsewhere only figures
    count, since a word may be no quantity of the problem.
    """
    failed, output = failed_solution(case), case.output_text or ""
    if failed is None:
        return None
    correct = list(readable_solutions(case).values())
    question = question_of(case)
    given = read_quantities(question)
    left_out = [
        quantity
        for quantity in given
        if _counts(quantity, given, correct)
        and _is_left_out(quantity, given, output, failed, correct)
    ]
    return _left_out(question, output, left_out, len(correct)) if left_out else None


def _is_left_out(
    quantity: Quantity,
    given: Sequence[Quantity],
    output: str,
    failed: Solution,
    correct: Sequence[Solution],
) -> bool:
    if is_used(quantity, operands_of(failed)) or is_taken_in_the_head(quantity, given, output):
        return False
    if is_mentioned(quantity, output) and not (correct and quantity.is_figure):
        return False
    return all(is_used(quantity, operands_of(solution)) for solution in correct)


def _counts(quantity: Quantity, given: Sequence[Quantity], correct: Sequence[Solution]) -> bool:
    """Whether leaving the quantity out would be an error rather than a way of writing."""
    if len(given) == 1 or quantity.values[0] in {0.0, 1.0}:
        return False
    word = quantity.text.lower()
    if word in _RELATIONS:
        # "One and a half" and "the third day" are no shares: only correct outputs can tell.
        return bool(correct) or word in _MULTIPLES
    if is_unit_word(quantity):
        return False
    if correct:
        return quantity.is_figure or len(quantity.text) > len("one")
    is_small_count = quantity.values[0] <= _TOO_SMALL and quantity.text.isdigit()
    is_ordinal = quantity.text.endswith(("st", "nd", "rd", "th"))
    return quantity.is_figure and not is_small_count and not is_ordinal


def _left_out(
    question: str, output: str, quantities: Sequence[Quantity], n_correct: int
) -> Finding:
    quantity, *more = quantities
    context = _context(question, quantity)
    others = {0: "", 1: ", which the correct solution uses"}.get(
        n_correct, ", which every correct solution uses"
    )
    told = f"The solution never uses {quantity.text!r} (from {context!r}){others}."
    if more:
        told += f" Nor does it use {', '.join(repr(other.text) for other in more[:_MOST_NAMED])}."
    last = read_solution(output).steps[-1]
    criteria = (
        partly_met("Works out the result", quote(output, last.start, last.end), "the last step"),
        missing(f"Takes {quantity.text!r} into account", told),
    )
    certainty = 0.8 if n_correct else 0.55
    return Finding(Outcome.ERROR_FOUND, LEFT_OUT, told, criteria, last.end, certainty)


def _context(question: str, quantity: Quantity) -> str:
    start = question.rfind(" ", 0, max(0, quantity.start - 25)) + 1
    end = question.find(" ", min(len(question), quantity.start + 35))
    return " ".join(question[start : end if end != -1 else len(question)].split())


def find_invented_quantity(case: FailureCase) -> Finding | None:
    """Return the first operand neither given, nor derived, nor known to a correct output."""
    solution, output = failed_solution(case), case.output_text or ""
    if solution is None:
        return None
    given = [value for quantity in read_quantities(question_of(case)) for value in quantity.values]
    known = [*given, *numbers_in(question_of(case))]
    for text in case.correct_outputs:
        known += [*operands_of(read_solution(text)), *numbers_in(text)]
    for index, step in enumerate(solution.steps):
        earlier = [before.stated for before in solution.steps[:index]]
        for operand, source in zip(step.expression.operands, solution.sources[index], strict=True):
            is_plain = operand <= _SMALL or operand in _CONSTANTS or source >= 0
            if is_plain or stands_in(operand, known) or is_derivable(operand, known + earlier):
                continue
            place = _first_mention(output, operand, step)
            if place is not None:
                return _invented(output, operand, step, place)
    return None


def _first_mention(output: str, value: float, step: Step) -> int | None:
    """Where the number stands first; None where an equation before the step gives it."""
    for match in _NUMBER_AT.finditer(output, 0, step.end):
        text = match.group().replace(",", "")
        if text and is_same(float(text), value):
            before = output[: match.start()].rstrip("$ ")
            return None if before.endswith(("=", ">>")) else match.start()
    return None


def _invented(output: str, operand: float, step: Step, place: int) -> Finding:
    written = show_written(output[step.start : step.end])
    told = (
        f"The solution works with {show(operand)} in {written}, a number that the question does "
        "not give and no step before derives."
    )
    criterion = unmet("Works with given or derived quantities", quote_line(output, place), told)
    return Finding(Outcome.ERROR_FOUND, INVENTED, told, (criterion,), place, 0.75)


def find_share_as_amount(case: FailureCase) -> Finding | None:
    """Return the first step that adds or subtracts a fraction or percentage as if an amount."""
    failed, output = failed_solution(case), case.output_text or ""
    if failed is None:
        return None
    given = read_quantities(question_of(case))
    plain = {value for quantity in given if len(quantity.values) == 1 for value in quantity.values}
    known = [value for text in case.correct_outputs for value in operands_of(read_solution(text))]
    for step in failed.steps:
        share = _share_in(step, given, plain)
        if share is not None and (share.values[1] < 1 or not stands_in(step.stated, known)):
            return _as_amount(output, step, share)
    return None


def _share_in(step: Step, given: Sequence[Quantity], plain: set[float]) -> Quantity | None:
    """Return the percentage that a step a + p or a - p takes as an amount."""
    expression = step.expression
    if len(expression.operands) != len("ab") or not set(expression.operators) <= {"+", "-"}:
        return None
    if expression.has_percent or _WHOLE in expression.operands or min(expression.operands) == 1:
        return None
    amount, share = expression.operands
    for quantity in given:
        is_percent = quantity.text.rstrip().endswith(("%", "percent"))
        percents = {other.values[0] for other in given if other.is_share}
        if not is_percent or quantity.values[0] in plain or amount in percents:
            continue
        forms = quantity.values[:2]
        if any(is_same(share, form) for form in forms) and amount > _SMALL:
            return quantity
    return None


def _as_amount(output: str, step: Step, share: Quantity) -> Finding:
    written = show_written(output[step.start : step.end])
    told = (
        f"The solution computes {written}, which takes {share.text} for an amount; the question "
        "gives it as a share of something."
    )
    criterion = unmet(f"Takes {share.text} of an amount", quote(output, step.start, step.end), told)
    return Finding(Outcome.ERROR_FOUND, SHARE_AS_AMOUNT, told, (criterion,), step.start, 0.85)
