"""Finds where a predicted return value of a Python function departs from the true one.

For tasks that show a function and ask for the literal that it returns. The shown
function is never run.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, cast

from errormap_dagster.domain.records import Criterion, FailureCase, Outcome
from errormap_dagster.judge.embedded.findings import QUOTE_LIMIT, Finding, met, quote, unmet
from errormap_dagster.judge.embedded.literal_differences import (
    DIFFERENCES,
    Difference,
    shown,
    tell_difference,
)
from errormap_dagster.judge.embedded.literal_values import (
    Given,
    Value,
    differ_by_writing,
    literal,
    read_answer,
    read_call,
    same_value,
)

CLAIMS_ERROR: Final = "Error claimed where none occurs"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {CLAIMS_ERROR: "atlas.logical_reasoning_error", **DIFFERENCES}
)

_MAX_PROMPT: Final = 20_000
_SHOWN: Final = 60
_FUNCTION: Final = re.compile(r"^[ \t]*def \w+\(", re.MULTILINE)
_ASKS_VALUE: Final = re.compile(r"\bassert\b|\bliteral\b|\breturn value\b")
_ERROR_ANSWER: Final = re.compile(r'"answer"\s{0,20}:\s{0,20}"[`\']?([A-Z][a-zA-Z]{2,30}Error)\b')
_CONTAINERS: Final = (list, tuple, dict, set, frozenset)


def find_wrong_literal(case: FailureCase) -> Finding | None:
    """Compare the predicted literal with the true one, None if either cannot be read."""
    expected = _expected(case)
    if expected is None or case.output_text is None:
        return None
    given = read_answer(case.output_text, expected.value)
    if given is None:
        return _claimed_error(case.output_text, expected.value)
    if differ_by_writing(given.value, expected.value):
        return None
    if same_value(given.value, expected.value):
        return _same_value(case.output_text, given, case.correct_answer or "")
    difference = tell_difference(given.value, expected.value, read_call(case.input_text))
    return _finding(case.output_text, given, expected.value, difference)


def _expected(case: FailureCase) -> Value | None:
    """Return the true value, None if the case asks for no return value."""
    prompt = case.input_text[:_MAX_PROMPT]
    if case.correct_answer is None or not _FUNCTION.search(prompt):
        return None
    return literal(case.correct_answer) if _ASKS_VALUE.search(prompt) else None


def _claimed_error(output: str, expected: object) -> Finding | None:
    """Return the finding for an answer that names an error where a value comes out."""
    match = _ERROR_ANSWER.search(output, max(0, len(output) - _MAX_PROMPT))
    if match is None:
        return None
    evidence = quote(output, *match.span(1))
    summary = f"The output answers {match.group(1)} where the function returns {shown(expected)}."
    criteria = (unmet("The value is what the function returns.", evidence, summary),)
    return Finding(Outcome.ERROR_FOUND, CLAIMS_ERROR, summary, criteria, match.start(1), 0.9)


def _same_value(output: str, given: Given, correct_answer: str) -> Finding:
    evidence = _quoted(output, given)
    summary = (
        f"The output answers {shown(given.value)}, which is the value of the reference "
        f"{correct_answer.strip()[:_SHOWN]}: the scorer compares texts, not values."
    )
    criteria = (met("The predicted value equals the true one.", evidence, "Same value."),)
    return Finding(Outcome.NO_ERROR_FOUND, None, summary, criteria, given.start, 0.7)


def _finding(output: str, given: Given, expected: object, difference: Difference) -> Finding:
    summary = (
        f"The output predicts {shown(given.value)} where the function returns "
        f"{shown(expected)}: {difference.explanation}."
    )
    return Finding(
        Outcome.ERROR_FOUND,
        difference.title,
        summary,
        _criteria(_quoted(output, given), given.value, expected, difference),
        given.start,
        0.9,
    )


def _quoted(output: str, given: Given) -> str:
    """The answer as it stands; white space at its ends is part of a predicted string."""
    return output[given.start : min(given.end, given.start + QUOTE_LIMIT)]


def _criteria(
    evidence: str, given: object, expected: object, difference: Difference
) -> tuple[Criterion, ...]:
    criteria = [met("A final value is given in the field for it.", evidence, "A value is given.")]
    name = f"The value is of type {type(expected).__name__}."
    if type(given) is not type(expected):
        criteria.append(unmet(name, evidence, f"It is of type {type(given).__name__}."))
    else:
        criteria.append(met(name, evidence, "The type is right."))
        criteria.extend(_length_criterion(evidence, given, expected))
    criteria.append(
        unmet("The value is what the function returns.", evidence, f"{difference.explanation}.")
    )
    return tuple(criteria)


def _length_criterion(evidence: str, given: object, expected: object) -> list[Criterion]:
    if not isinstance(given, (*_CONTAINERS, str)) or not isinstance(expected, (*_CONTAINERS, str)):
        return []
    has, needs = len(cast("Sequence[object]", given)), len(cast("Sequence[object]", expected))
    unit = "characters" if isinstance(expected, str) else "elements"
    name = f"The value has {needs} {unit}."
    if has == needs:
        return [met(name, evidence, "The length is right.")]
    return [unmet(name, evidence, f"It has {has} {unit}.")]
