"""Tells how a predicted value differs from the one that a function returns.

The titles say what shows in the value. Which step of the trace went wrong would have to be run.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from types import MappingProxyType
from typing import Final, cast

from errormap_dagster.judge.embedded.literal_values import Call, same_value

WRONG_TYPE: Final = "Wrong result type"
WRONG_COUNT: Final = "Repetition count wrong in traced value"
WRONG_ORDER: Final = "Wrong order in traced value"
WRONG_CHARACTERS: Final = "Character-level tracing error"
OFF_BY_ONE: Final = "Off-by-one in traced number"
WRONG_TRUTH: Final = "Wrong truth value traced"
WRONG_VALUE: Final = "Wrong traced value"
NO_CHANGE: Final = "Change overlooked in traced value"
CHANGE: Final = "Change traced that does not happen"
LEFT_OUT: Final = "Part left out of traced value"
SURPLUS: Final = "Surplus part in traced value"

DIFFERENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        WRONG_TYPE: "atlas.specification_misinterpretation",
        WRONG_COUNT: "atlas.counting_error",
        WRONG_ORDER: "atlas.logical_reasoning_error",
        WRONG_CHARACTERS: "atlas.logical_reasoning_error",
        OFF_BY_ONE: "atlas.counting_error",
        WRONG_TRUTH: "atlas.logical_reasoning_error",
        WRONG_VALUE: "atlas.logical_reasoning_error",
        NO_CHANGE: "atlas.logical_reasoning_error",
        CHANGE: "atlas.logical_reasoning_error",
        LEFT_OUT: "atlas.logical_reasoning_error",
        SURPLUS: "atlas.logical_reasoning_error",
    }
)
"""For each title the category of the atlas that it is meant for."""

_SHOWN: Final = 60
_MOST_CHARACTERS: Final = 2
_SHORTEST: Final = 2


@dataclass(frozen=True, slots=True)
class Difference:
    """How two values differ: the title, and a sentence's second half."""

    title: str
    explanation: str


def shown(value: object) -> str:
    """Return the value as Python writes it, at most 60 characters of it."""
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def tell_difference(given: object, expected: object, call: Call | None) -> Difference:
    """Return the most telling way in which a predicted value differs from the true one.

    Args:
        given: the predicted value.
        expected: the true value, not the same.
        call: what the function was called with, None where that cannot be read.
    """
    if type(given) is not type(expected):
        names = type(given).__name__, type(expected).__name__
        return Difference(WRONG_TYPE, f"a value of type {names[0]} instead of {names[1]}")
    if isinstance(given, int) and isinstance(expected, int):
        return _number_difference(given, expected, call)
    return _unchanged(given, expected, call) or _parts_difference(given, expected)


def _parts_difference(given: object, expected: object) -> Difference:
    if isinstance(given, str) and isinstance(expected, str):
        return _string_difference(given, expected)
    if isinstance(given, dict) and isinstance(expected, dict):
        return _mapping_difference(
            cast("Mapping[object, object]", given), cast("Mapping[object, object]", expected)
        )
    if isinstance(given, (list, tuple)) and isinstance(expected, (list, tuple)):
        return _sequence_difference(
            cast("Sequence[object]", given), cast("Sequence[object]", expected)
        )
    return Difference(WRONG_VALUE, "the two values differ")


def _unchanged(given: object, expected: object, call: Call | None) -> Difference | None:
    """Tell where one of the two values is just what the function was called with."""
    if call is None or not isinstance(expected, (str, list, tuple, dict)):
        return None
    telling = [value for value in call.arguments if value and type(value) is type(expected)]
    if any(same_value(value, expected) for value in telling):
        return Difference(CHANGE, "the function gives back what it was called with, unchanged")
    if any(same_value(value, given) for value in telling):
        return Difference(NO_CHANGE, "that is what the function was called with, unchanged")
    return None


def _number_difference(given: int, expected: int, call: Call | None) -> Difference:
    if isinstance(given, bool):
        return Difference(WRONG_TRUTH, "the condition comes out the other way")
    gap = given - expected
    if abs(gap) == 1 and (call is None or call.counts):
        side = "more" if gap > 0 else "less"
        return Difference(OFF_BY_ONE, f"one {side} than the true number")
    return Difference(WRONG_VALUE, f"the number is {abs(gap)} too {'high' if gap > 0 else 'low'}")


def _string_difference(given: str, expected: str) -> Difference:
    at = _first_difference(given, expected)
    place = f"they part at character {at + 1}, {_at(given, at)} instead of {_at(expected, at)}"
    if given.casefold() == expected.casefold():
        return Difference(WRONG_CHARACTERS, f"letter case differs; {place}")
    if "".join(given.split()) == "".join(expected.split()):
        return Difference(WRONG_CHARACTERS, f"white space differs; {place}")
    if len(given) != len(expected) and _collapsed(given) == _collapsed(expected):
        lengths = f"{len(given)} characters instead of {len(expected)}"
        return Difference(WRONG_COUNT, f"a repeated character has the wrong count, {lengths}")
    if len(given) >= _SHORTEST and sorted(given) == sorted(expected):
        return Difference(WRONG_ORDER, f"the same characters in another order; {place}")
    n_changed = _n_changed(given, expected)
    if n_changed <= _MOST_CHARACTERS < min(len(given), len(expected)):
        return Difference(WRONG_CHARACTERS, f"one or two characters differ; {place}")
    return _part_difference(given, expected, "characters", place) or Difference(WRONG_VALUE, place)


def _n_changed(given: str, expected: str) -> int:
    """Return how many characters have to be put in, taken out or replaced, at most."""
    matcher = SequenceMatcher(None, given, expected, autojunk=False)
    spans = ((b - a, d - c) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal")
    return sum(max(span) for span in spans)


def _collapsed(values: Sequence[object]) -> list[object]:
    """Return the values with neighbours that are the same taken once."""
    return [v for at, v in enumerate(values) if at == 0 or not same_value(values[at - 1], v)]


def _part_difference(
    given: Sequence[object], expected: Sequence[object], unit: str, place: str
) -> Difference | None:
    """Tell where one value is the other with parts left out, all else being in order."""
    if not given or not expected:
        return None
    if _is_within(given, expected):
        n_left_out = len(expected) - len(given)
        return Difference(LEFT_OUT, f"{n_left_out} of {len(expected)} {unit} lack; {place}")
    if _is_within(expected, given):
        n_surplus = len(given) - len(expected)
        return Difference(SURPLUS, f"{n_surplus} {unit} too many; {place}")
    return None


def _is_within(part: Sequence[object], whole: Sequence[object]) -> bool:
    """Whether all of ``part``, at least half of ``whole``, stands in it in the same order."""
    left = iter(whole)
    return len(part) < len(whole) <= 2 * len(part) and all(
        any(same_value(value, other) for other in left) for value in part
    )


def _sequence_difference(given: Sequence[object], expected: Sequence[object]) -> Difference:
    at = _first_difference(given, expected)
    place = f"element {at + 1} is {_at(given, at)} instead of {_at(expected, at)}"
    if len(given) == len(expected):
        if Counter(map(repr, given)) == Counter(map(repr, expected)):
            return Difference(WRONG_ORDER, f"the same elements in another order; {place}")
        return Difference(WRONG_VALUE, place)
    lengths = f"{len(given)} elements instead of {len(expected)}"
    if _collapsed(given) == _collapsed(expected):
        return Difference(WRONG_COUNT, f"a repeated element has the wrong count, {lengths}")
    part = _part_difference(given, expected, "elements", place)
    return part or Difference(WRONG_VALUE, f"{lengths}; {place}")


def _mapping_difference(
    given: Mapping[object, object], expected: Mapping[object, object]
) -> Difference:
    lacking = [key for key in expected if key not in given]
    surplus = [key for key in given if key not in expected]
    if lacking and surplus:
        detail = f"key {shown(surplus[0])} instead of {shown(lacking[0])}"
        return Difference(WRONG_VALUE, detail)
    for key, value in expected.items():
        if key in given and not same_value(given[key], value):
            detail = f"key {shown(key)} has {shown(given[key])} instead of {shown(value)}"
            return Difference(WRONG_VALUE, detail)
    if lacking:
        return Difference(LEFT_OUT, f"key {shown(lacking[0])} is missing")
    if surplus:
        return Difference(SURPLUS, f"key {shown(surplus[0])} is not in it")
    return Difference(WRONG_ORDER, "the same entries in another order")


def _first_difference(given: Sequence[object], expected: Sequence[object]) -> int:
    for at, (left, right) in enumerate(zip(given, expected, strict=False)):
        if not same_value(left, right):
            return at
    return min(len(given), len(expected))


def _at(values: Sequence[object], at: int) -> str:
    return shown(values[at]) if at < len(values) else "nothing"
