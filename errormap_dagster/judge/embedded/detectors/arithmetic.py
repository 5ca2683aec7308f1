"""Computes the calculations of an output again and reports the first that is wrong.

Works in any text with closed calculations: word problems, LaTeX, calculator notes.
"""

import math
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.judge.embedded.calculations import Step, is_same, read_steps
from errormap_dagster.judge.embedded.findings import Finding, met, quote, unmet
from errormap_dagster.judge.embedded.numbers_shown import show
from errormap_dagster.judge.embedded.solutions import answer_value
from errormap_dagster.judge.embedded.tasks import is_code_task, reference_value

ADDITION: Final = "Addition error"
SUBTRACTION: Final = "Subtraction error"
MULTIPLICATION: Final = "Multiplication error"
DIVISION: Final = "Division error"
POWER: Final = "Power or root error"
PERCENTAGE: Final = "Percentage error"
DECIMAL_PLACE: Final = "Decimal place error"
MIXED: Final = "Multi-operation calculation error"
REWRITING: Final = "Expression rewriting error"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    dict.fromkeys(
        (
            ADDITION,
            SUBTRACTION,
            MULTIPLICATION,
            DIVISION,
            POWER,
            PERCENTAGE,
            DECIMAL_PLACE,
            MIXED,
            REWRITING,
        ),
        "atlas.computation_error",
    )
)

_BY_OPERATOR: Final[Mapping[str, str]] = MappingProxyType(
    {"+": ADDITION, "-": SUBTRACTION, "*": MULTIPLICATION, "/": DIVISION, "^": POWER}
)
_TRIED: Final = re.compile(
    r"\b(?:if|suppose|check|whether|test|try|assum\w*|false|guess|unless)\b|≠|\\neq?|\?",
    re.IGNORECASE,
)
_REJECTED: Final = re.compile(
    r"\b(?:not|false|incorrect|impossible|contradict\w*|wrong|doesn't|isn't|mistake|error)\b|≠|\?",
    re.IGNORECASE,
)
_TAKEN_BACK: Final = re.compile(
    r"\b(?:wait|mistake|correction|recalculat\w*|re-?evaluat\w*|let me correct|apolog\w*|oops"
    r"|re-?check\w*|made an error)\b",
    re.IGNORECASE,
)
_TIGHT_TIMES: Final = re.compile(r"\d[xX]\d")
_NUMBERED_X: Final = re.compile(r"(?<![\d.,)])[xX]_?\d")
_BEFORE: Final = 40
_AFTER: Final = 80


def find_miscalculation(case: FailureCase) -> Finding | None:
    """Return the first calculation that is wrong when computed again and is not taken back."""
    output = case.output_text
    if not output or is_code_task(case):
        return None
    steps = read_steps(output)
    for at, step in enumerate(steps):
        if not step.is_right and _is_meant(output, step) and not _is_corrected(output, steps, at):
            return _finding(output, steps[:at], step)
    return _missed_reference(case, output, steps)


def _missed_reference(case: FailureCase, output: str, steps: Sequence[Step]) -> Finding | None:
    """Return a calculation that comes to the reference, though the output rounds to another answer.

    What would pass for loose rounding is none where the true value is just what was asked for.
    """
    reference, answer = reference_value(case), answer_value(output)
    if reference is None or answer is None or is_same(reference, answer):
        return None
    for at, step in enumerate(steps):
        is_missed = is_same(step.value, reference) and is_same(step.stated, answer)
        if is_missed and abs(reference - answer) > 1 and _is_meant(output, step):
            return _finding(output, steps[:at], step)
    return None


def _is_meant(output: str, step: Step) -> bool:
    """Whether the output states the calculation as true, rather than trying or rejecting it."""
    if _TIGHT_TIMES.search(output, step.start, step.end) and _NUMBERED_X.search(output):
        return False  # "2x2" is then twice a variable x2
    before = output[max(0, step.start - _BEFORE) : step.start].rsplit("\n", 1)[-1]
    after = output[step.end : step.end + _AFTER].split("\n", 1)[0]
    return _TRIED.search(before) is None and _REJECTED.search(after) is None


def _is_corrected(output: str, steps: Sequence[Step], at: int) -> bool:
    """Whether the output goes on with the true value, or says that it takes something back."""
    step = steps[at]
    if _TAKEN_BACK.search(output, step.end) is not None:
        return True
    later = steps[at + 1 :]
    used = {operand for following in later for operand in following.expression.operands}
    return any(
        is_same(following.value, step.value) and is_same(following.stated, step.value)
        for following in later
    ) or (step.value in used and step.stated not in used)


def _title(step: Step) -> str:
    if step.is_rewriting:
        return REWRITING
    ratio = abs(step.stated / step.value) if step.value and step.stated else 1.0
    power = round(math.log10(ratio))
    if power and math.isclose(ratio, 10.0**power, rel_tol=1e-6):
        return DECIMAL_PLACE
    if step.expression.has_percent:
        return PERCENTAGE
    if step.expression.has_function:
        return POWER
    return _BY_OPERATOR.get(step.operators, MIXED)


def _finding(output: str, before: Sequence[Step], step: Step) -> Finding:
    written = quote(output, step.start, step.end)
    true, stated = show(step.value), show(step.stated)
    told = f"The output states {written}, but this comes to {true}, not {stated}."
    criteria = [
        met("Computes correctly", quote(output, right.start, right.end), "holds when recomputed")
        for right in before[:2]
        if right.is_right
    ]
    criteria.append(unmet("Computes correctly", written, f"the true value is {true}"))
    certainty = 0.75 if step.is_rewriting else 0.95
    return Finding(Outcome.ERROR_FOUND, _title(step), told, tuple(criteria), step.start, certainty)
