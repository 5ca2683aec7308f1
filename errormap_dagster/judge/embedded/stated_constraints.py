"""Reads constraints on form and length from the plain words of a prompt.

Only wordings that leave no doubt are read; a constraint that is not recognised is not checked.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import FailureCase
from errormap_dagster.judge.embedded.constraint_checks import Instruction
from errormap_dagster.judge.embedded.tasks import is_code_task, read_options

_MAX_PROMPT: Final = 8_000
_NUMBERS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "one": 1,
        "two": 2,
        "three": 3,
        "four": 4,
        "five": 5,
        "six": 6,
        "seven": 7,
        "eight": 8,
        "nine": 9,
        "ten": 10,
    }
)
_COUNT: Final = r"(\d{1,5}|" + "|".join(_NUMBERS) + r")"
_BOUND: Final = (
    r"(at least|at most|exactly|less than|fewer than|no more than|no fewer than|more than)\s+"
)
_WHOLE: Final = (
    r"\b(?:entire|whole|all|your) (?:response|answer|reply|output)\b"
    r"(?:(?!\b(?:no|not|words?|least|most|times|avoid|without|letter|title|first|contain)\b)[^.\n]){0,40}\b"
)


def stated_constraints(case: FailureCase) -> tuple[Instruction, ...]:
    """Return the constraints that the prompt states, in the order of the prompt.

    Empty for code and multiple choice, and wherever a reference decides.
    """
    if case.correct_answer is not None or is_code_task(case) or read_options(case.input_text):
        return ()
    prompt = case.input_text[:_MAX_PROMPT]
    found = [
        (match.start(), make(match))
        for pattern, make in _PATTERNS
        if (match := pattern.search(prompt))
    ]
    return tuple(instruction for _, instruction in sorted(found, key=lambda item: item[0]))


def _number(text: str) -> int:
    return _NUMBERS.get(text.lower()) or int(text)


_RELATIONS: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {
        "at least": ("at least", 0),
        "no fewer than": ("at least", 0),
        "more than": ("at least", 1),
        "at most": ("at most", 0),
        "no more than": ("at most", 0),
        "less than": ("less than", 0),
        "fewer than": ("less than", 0),
        "exactly": ("exactly", 0),
    }
)


def _bounded(kind: str, name: str) -> Callable[[re.Match[str]], Instruction]:
    def make(match: re.Match[str]) -> Instruction:
        relation, more = _RELATIONS[match.group(1).lower()]
        return Instruction(kind, {"relation": relation, name: _number(match.group(2)) + more})

    return make


def _plain(kind: str) -> Callable[[re.Match[str]], Instruction]:
    return lambda _match: Instruction(kind, {})


def _ending(match: re.Match[str]) -> Instruction:
    return Instruction("startend:end_checker", {"end_phrase": match.group(1)})


def _mentions(match: re.Match[str]) -> Instruction:
    relation, more = _RELATIONS[match.group(2).lower()]
    return Instruction(
        "keywords:frequency",
        {
            "keyword": match.group(1),
            "relation": relation,
            "frequency": _number(match.group(3)) + more,
        },
    )


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_PATTERNS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Instruction]], ...]] = (
    (
        _pattern(
            r"\b(?:do not|don't|without|never|avoid) (?:use|using|include|including)? ?(?:of )?"
            r"(?:any )?commas?\b|\bno commas\b"
        ),
        _plain("punctuation:no_comma"),
    ),
    (
        _pattern(_WHOLE + r"(?:in )?(?:all )?lower ?case|\bno (?:capital|upper ?case) letters\b"),
        _plain("change_case:english_lowercase"),
    ),
    (
        _pattern(_WHOLE + r"(?:in )?(?:all )?(?:upper ?case|capital letters)\b"),
        _plain("change_case:english_capital"),
    ),
    (
        _pattern(_BOUND + _COUNT + r" words\b(?! in)"),
        _bounded("length_constraints:number_words", "num_words"),
    ),
    (
        _pattern(_BOUND + _COUNT + r" sentences\b"),
        _bounded("length_constraints:number_sentences", "num_sentences"),
    ),
    (
        _pattern(_BOUND + _COUNT + r" bullet points\b"),
        _bounded("detectable_format:number_bullet_lists", "num_bullets"),
    ),
    (
        _pattern(
            r"\bword [\"'“]?([A-Za-z]+)[\"'”]? (?:should |must )?(?:appears? )?"
            + _BOUND
            + _COUNT
            + r" times\b"
        ),
        _mentions,
    ),
    (
        _pattern(
            r"\b(?:end|finish) (?:your|the|it|this) ?(?:entire )?(?:response|answer|reply|output"
            r"|letter|email|essay|story)? ?with (?:this |the )?(?:exact )?"
            r"(?:phrase|sentence|words)?:? ?[\"“]([^\"”\n]{3,200})[\"”]"
        ),
        _ending,
    ),
    (
        _pattern(r"\bwrapped in double angular brackets\b|<<title"),
        _plain("detectable_format:title"),
    ),
    (
        _pattern(
            r"\bentire (?:response|output|answer|reply)\b[^.\n]{0,30}\b(?:in|as) json\b"
            r"|\bonly json\b|\bwrap (?:all words|everything|the entire output) (?:in|into)"
            r" (?:one )?json"
        ),
        _plain("detectable_format:json_format"),
    ),
    (
        _pattern(
            r"\bwrap your (?:entire |whole )?(?:response|answer|reply) (?:in|with) double quot"
        ),
        _plain("startend:quotation"),
    ),
)
