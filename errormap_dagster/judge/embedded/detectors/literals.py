"""Finds where a predicted return value of a Python function departs from the true one.

For tasks that show a function and ask for the literal that it returns. The shown
function is never run.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from types import MappingProxyType
from typing import Final, cast

from errormap_dagster.domain.records import Criterion, FailureCase, Outcome
from errormap_dagster.judge.embedded.findings import Finding, met, quote, unmet
from errormap_dagster.judge.embedded.literal_values import (
    Given,
    Value,
    differ_by_writing,
    literal,
    read_answer,
    same_value,
)

WRONG_TYPE: Final = "Wrong result type"
WRONG_COUNT: Final = "Element count wrong in traced value"
WRONG_ORDER: Final = "Wrong order in traced value"
WRONG_CHARACTERS: Final = "Character-level tracing error"
CLAIMS_ERROR: Final = "Error claimed where none occurs"
OFF_BY_ONE: Final = "Off-by-one in traced number"
WRONG_TRUTH: Final = "Wrong truth value traced"
WRONG_VALUE: Final = "Wrong traced value"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        WRONG_TYPE: "atlas.specification_misinterpretation",
        WRONG_COUNT: "atlas.counting_error",
        WRONG_ORDER: "atlas.logical_reasoning_error",
        WRONG_CHARACTERS: "atlas.logical_reasoning_error",
        CLAIMS_ERROR: "atlas.logical_reasoning_error",
        OFF_BY_ONE: "atlas.counting_error",
        WRONG_TRUTH: "atlas.logical_reasoning_error",
        WRONG_VALUE: "atlas.logical_reasoning_error",
    }
)

_MAX_PROMPT: Final = 20_000
_SHOWN: Final = 60
_SIMILAR: Final = 0.7
_FUNCTION: Final = re.compile(r"^[ \t]*def \w+\(", re.MULTILINE)
_ASKS_VALUE: Final = re.compile(r"\bassert\b|\bliteral\b|\breturn value\b")
_ERROR_ANSWER: Final = re.compile(r'"answer"\s{0,20}:\s{0,20}"[`\']?([A-Z][a-zA-Z]{2,30}Error)\b')
_CONTAINERS: Final = (list, tuple, dict, set, frozenset)


@dataclass(frozen=True, slots=True)
class _Difference:
    """How two values differ: the title, and a sentence's second half."""

    title: str
    explanation: str


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
    return _finding(case.output_text, given, expected.value)


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
    summary = f"The output answers {match.group(1)} where the function returns {_shown(expected)}."
    criteria = (unmet("The value is what the function returns.", evidence, summary),)
    return Finding(Outcome.ERROR_FOUND, CLAIMS_ERROR, summary, criteria, match.start(1), 0.9)


def _same_value(output: str, given: Given, correct_answer: str) -> Finding:
    evidence = quote(output, given.start, given.end)
    summary = (
        f"The output answers {_shown(given.value)}, which is the value of the reference "
        f"{correct_answer.strip()[:_SHOWN]}: the scorer compares texts, not values."
    )
    criteria = (met("The predicted value equals the true one.", evidence, "Same value."),)
    return Finding(Outcome.NO_ERROR_FOUND, None, summary, criteria, given.start, 0.7)


def _finding(output: str, given: Given, expected: object) -> Finding:
    difference = _difference(given.value, expected)
    summary = (
        f"The output predicts {_shown(given.value)} where the function returns "
        f"{_shown(expected)}: {difference.explanation}."
    )
    return Finding(
        Outcome.ERROR_FOUND,
        difference.title,
        summary,
        _criteria(quote(output, given.start, given.end), given.value, expected, difference),
        given.start,
        0.9,
    )


def _criteria(
    evidence: str, given: object, expected: object, difference: _Difference
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


def _difference(given: object, expected: object) -> _Difference:
    if type(given) is not type(expected):
        names = type(given).__name__, type(expected).__name__
        return _Difference(WRONG_TYPE, f"a value of type {names[0]} instead of {names[1]}")
    if isinstance(given, str) and isinstance(expected, str):
        return _string_difference(given, expected)
    if isinstance(given, int) and isinstance(expected, int):
        return _number_difference(given, expected)
    return _container_difference(given, expected)


def _container_difference(given: object, expected: object) -> _Difference:
    if isinstance(given, dict) and isinstance(expected, dict):
        return _mapping_difference(
            cast("Mapping[object, object]", given), cast("Mapping[object, object]", expected)
        )
    if isinstance(given, (list, tuple)) and isinstance(expected, (list, tuple)):
        return _sequence_difference(
            cast("Sequence[object]", given), cast("Sequence[object]", expected)
        )
    return _Difference(WRONG_VALUE, "the two values differ")


def _number_difference(given: int, expected: int) -> _Difference:
    if isinstance(given, bool):
        return _Difference(WRONG_TRUTH, "the condition comes out the other way")
    gap = given - expected
    if abs(gap) == 1:
        side = "more" if gap > 0 else "less"
        return _Difference(OFF_BY_ONE, f"one {side} than the true number")
    return _Difference(WRONG_VALUE, f"the number is {abs(gap)} too {'high' if gap > 0 else 'low'}")


def _string_difference(given: str, expected: str) -> _Difference:
    at = _first_difference(given, expected)
    place = f"they part at character {at + 1}, {_at(given, at)} instead of {_at(expected, at)}"
    if given.casefold() == expected.casefold():
        return _Difference(WRONG_CHARACTERS, f"letter case differs; {place}")
    if "".join(given.split()) == "".join(expected.split()):
        return _Difference(WRONG_CHARACTERS, f"white space differs; {place}")
    if len(given) != len(expected) and _collapsed(given) == _collapsed(expected):
        lengths = f"{len(given)} characters instead of {len(expected)}"
        return _Difference(WRONG_COUNT, f"a repeated character has the wrong count, {lengths}")
    if sorted(given) == sorted(expected):
        return _Difference(WRONG_ORDER, f"the same characters in another order; {place}")
    if SequenceMatcher(None, given, expected, autojunk=False).ratio() >= _SIMILAR:
        return _Difference(WRONG_CHARACTERS, f"few characters differ; {place}")
    return _Difference(WRONG_VALUE, place)


def _collapsed(text: str) -> str:
    return "".join(sign for at, sign in enumerate(text) if at == 0 or text[at - 1] != sign)


def _sequence_difference(given: Sequence[object], expected: Sequence[object]) -> _Difference:
    at = _first_difference(given, expected)
    place = f"element {at + 1} is {_at(given, at)} instead of {_at(expected, at)}"
    if len(given) != len(expected):
        lengths = f"{len(given)} elements instead of {len(expected)}"
        return _Difference(WRONG_COUNT, f"{lengths}; {place}")
    if Counter(map(repr, given)) == Counter(map(repr, expected)):
        return _Difference(WRONG_ORDER, f"the same elements in another order; {place}")
    return _Difference(WRONG_VALUE, place)


def _mapping_difference(
    given: Mapping[object, object], expected: Mapping[object, object]
) -> _Difference:
    lacking = [key for key in expected if key not in given]
    surplus = [key for key in given if key not in expected]
    if len(given) != len(expected):
        detail = f"key {_shown(lacking[0])} is missing" if lacking else ""
        detail = detail or f"key {_shown(surplus[0])} is not in it"
        sizes = f"{len(given)} keys instead of {len(expected)}"
        return _Difference(WRONG_COUNT, f"{sizes}; {detail}")
    if lacking:
        detail = f"key {_shown(surplus[0])} instead of {_shown(lacking[0])}"
        return _Difference(WRONG_VALUE, detail)
    for key, value in expected.items():
        if not same_value(given[key], value):
            detail = f"key {_shown(key)} has {_shown(given[key])} instead of {_shown(value)}"
            return _Difference(WRONG_VALUE, detail)
    return _Difference(WRONG_ORDER, "the same entries in another order")


def _first_difference(given: Sequence[object], expected: Sequence[object]) -> int:
    for at, (left, right) in enumerate(zip(given, expected, strict=False)):
        if not same_value(left, right):
            return at
    return min(len(given), len(expected))


def _at(values: Sequence[object], at: int) -> str:
    return _shown(values[at]) if at < len(values) else "nothing"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
