"""Follows the quantities of a word problem: left out, invented, or taken for something else."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.judge.embedded.calculations import Step, is_same
from errormap_dagster.judge.embedded.findings import (
    Finding,
    met,
    missing,
    partly_met,
    quote,
    quote_line,
    unmet,
)
from errormap_dagster.judge.embedded.mentions import (
    is_derivable,
    is_mentioned,
    is_used,
    numbers_in,
    operands_of,
    stands_in,
)
from errormap_dagster.judge.embedded.numbers_shown import show, show_written
from errormap_dagster.judge.embedded.quantities import Quantity, is_unit_word, read_quantities
from errormap_dagster.judge.embedded.solutions import Solution, read_solution
from errormap_dagster.judge.embedded.tasks import question_of, reference_value

LEFT_OUT: Final = "Given quantity left out"
INVENTED: Final = "Quantity not in the question"
SHARE_AS_AMOUNT: Final = "Share treated as an amount"
IMPOSSIBLE: Final = "Impossible result accepted"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        LEFT_OUT: "atlas.incomplete_reasoning",
        INVENTED: "atlas.fabricated_information",
        SHARE_AS_AMOUNT: "atlas.incorrect_method",
        IMPOSSIBLE: "atlas.logical_reasoning_error",
    }
)

_SMALL: Final = 12.0
_CONSTANTS: Final = frozenset(
    (16.0, 20.0, 24.0, 25.0, 28.0, 30.0, 31.0, 32.0, 36.0, 50.0, 52.0, 60.0, 90.0, 100.0)
    + (144.0, 180.0, 360.0, 365.0, 366.0, 1000.0, 3600.0, 5280.0, 2000.0, 1760.0, 10000.0)
)
_WHOLE: Final = 100.0
_RELATIONS: Final = frozenset(
    "twice half double triple thrice third thirds quarter quarters fourth fifth dozen".split()
)
_HOW_MANY: Final = re.compile(r"how many\s+(?:more\s+|fewer\s+|total\s+)?([a-z]+)", re.IGNORECASE)
_DIVISIBLE: Final = frozenset(
    "hours minutes seconds days weeks months years miles kilometers meters feet inches yards"
    " ounces pounds grams kilograms tons gallons liters litres milliliters quarts pints cups"
    " tablespoons teaspoons dollars cents euros pesos percent degrees calories points square cubic"
    " acres servings times km kg lbs mg ml mm cm units gb mb fewer less more".split()
)
_SIGNED: Final = re.compile(
    r"temperature|degrees|profit|loss|lose|difference|change|debt|owe|below|negative", re.IGNORECASE
)
_NUMBER_AT: Final = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+")


def _is_word_problem(case: FailureCase) -> bool:
    if reference_value(case) is None or not case.output_text:
        return False
    solution = read_solution(case.output_text)
    reference = reference_value(case)
    return not (
        solution.answer is not None and reference is not None and is_same(solution.answer, reference)
    )


def find_left_out_quantity(case: FailureCase) -> Finding | None:
    """Return a quantity of the question that the output neither uses nor mentions.

    Where there are correct outputs, every one of them has to use it; elsewhere only figures
    count, since a word may be no quantity of the problem.
    """
    output = case.output_text or ""
    if not _is_word_problem(case) or not read_solution(output).steps:
        return None
    correct = [read_solution(text) for text in case.correct_outputs]
    correct = [solution for solution in correct if solution.last >= 0]
    question = question_of(case)
    given = read_quantities(question)
    taken = operands_of(read_solution(output))
    for quantity in given:
        if not _counts(quantity, given, correct) or is_used(quantity, taken):
            continue
        if is_mentioned(quantity, output) and not (correct and quantity.is_figure):
            continue
        if all(is_used(quantity, operands_of(solution)) for solution in correct):
            return _left_out(question, output, quantity, len(correct))
    return None


def _counts(quantity: Quantity, given: Sequence[Quantity], correct: Sequence[Solution]) -> bool:
    if quantity.values[0] in {0.0, 1.0} or is_unit_word(quantity):
        return False
    if correct:
        return quantity.is_figure or len(quantity.text) > len("one")
    if quantity.text.lower() in _RELATIONS:
        return True
    is_ordinal = quantity.text[-1].isalpha() and quantity.text[-1] != "t"
    return quantity.is_figure and not is_ordinal and len(given) > 1


def _left_out(question: str, output: str, quantity: Quantity, n_correct: int) -> Finding:
    context = _context(question, quantity)
    others = {0: "", 1: ", which the correct solution uses"}.get(
        n_correct, ", which every correct solution uses"
    )
    told = f"The solution never uses {quantity.text!r} (from {context!r}){others}."
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
    """Return the first operand that is neither given, nor derived, nor known to a correct output."""
    output = case.output_text or ""
    if not _is_word_problem(case):
        return None
    solution = read_solution(output)
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
    output = case.output_text or ""
    if not _is_word_problem(case):
        return None
    given = read_quantities(question_of(case))
    plain = {value for quantity in given if len(quantity.values) == 1 for value in quantity.values}
    known = [value for text in case.correct_outputs for value in operands_of(read_solution(text))]
    for step in read_solution(output).steps:
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
        others = {value for other in given if other is not quantity for value in other.values}
        if not is_percent or quantity.values[0] in plain or amount in others:
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


def find_impossible_result(case: FailureCase) -> Finding | None:
    """Return a negative or broken answer to a question that only a whole number can answer."""
    output, reference = case.output_text or "", reference_value(case)
    if reference is None or not _is_word_problem(case):
        return None
    solution, question = read_solution(output), question_of(case)
    if solution.last < 0 or solution.answer is None:
        return None
    step = solution.steps[solution.last]
    if solution.answer < 0 <= reference and not _SIGNED.search(question):
        return _impossible(output, step, "negative", solution.answer)
    asked = _HOW_MANY.findall(question)
    is_countable = bool(asked) and asked[-1].lower() not in _DIVISIBLE
    if is_countable and reference == int(reference) and solution.answer != int(solution.answer):
        return _impossible(output, step, "not a whole number", solution.answer)
    return None


def _impossible(output: str, step: Step, what: str, answer: float) -> Finding:
    told = (
        f"The solution ends with {show(answer)}, which is {what} and cannot answer the question; "
        "it does not notice that something before must be wrong."
    )
    quoted = quote(output, step.start, step.end)
    criteria = (
        met("Ends with a calculation", quoted, "gives the answer"),
        unmet("Checks that the result is possible", quoted, told),
    )
    return Finding(Outcome.ERROR_FOUND, IMPOSSIBLE, told, criteria, step.end, 0.5)
