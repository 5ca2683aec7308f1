"""Finds the first constraint of a prompt that an output breaks.

The constraints come from the reference where that lists instructions with their numbers, as in
IFEval, and from the plain words of the prompt where there is no reference.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, cast

from errormap_dagster.domain.records import Criterion, FailureCase, Outcome
from errormap_dagster.judge.embedded import constraint_checks as words
from errormap_dagster.judge.embedded import constraint_language as language
from errormap_dagster.judge.embedded import constraint_layout as layout
from errormap_dagster.judge.embedded.constraint_checks import Instruction, Reading
from errormap_dagster.judge.embedded.findings import (
    Finding,
    met,
    missing,
    partly_met,
    quote_line,
    unmet,
)
from errormap_dagster.judge.embedded.stated_constraints import stated_constraints

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        words.LENGTH_MISSED: "atlas.specification_misinterpretation",
        words.KEYWORD_MISSING: "atlas.missing_required_element",
        words.KEYWORD_COUNT: "atlas.counting_error",
        words.LETTER_COUNT: "atlas.counting_error",
        words.FORBIDDEN_WORD: "atlas.specification_misinterpretation",
        words.WRONG_CASE: "atlas.formatting_error",
        words.CAPITAL_COUNT: "atlas.counting_error",
        words.PUNCTUATION: "atlas.formatting_error",
        layout.STRUCTURE_MISSING: "atlas.missing_required_element",
        layout.COUNT_MISSED: "atlas.counting_error",
        layout.NOT_JSON: "atlas.formatting_error",
        layout.QUOTATION: "atlas.formatting_error",
        layout.ENDING_MISSING: "atlas.missing_required_element",
        layout.OPENING_MISSING: "atlas.missing_required_element",
        layout.OUTSIDE_CHOICES: "atlas.specification_misinterpretation",
        language.WRONG_LANGUAGE: "atlas.specification_misinterpretation",
    }
)

_ENGLISH: Final = Instruction("language:response_language", {"language": "en"})


def _check_english_uppercase(output: str, instruction: Instruction) -> Reading:
    return _in_english(output, words.check_uppercase(output, instruction))


def _check_english_lowercase(output: str, instruction: Instruction) -> Reading:
    return _in_english(output, words.check_lowercase(output, instruction))


def _in_english(output: str, reading: Reading) -> Reading:
    """Leave a kept letter case open where the text cannot be told to be English, as asked."""
    if not reading.kept or language.check_language(output, _ENGLISH).kept:
        return reading
    measured = f"{reading.measured}, but may not be English"
    return replace(reading, kept=None, measured=measured)


_CHECKS: Final[Mapping[str, Callable[[str, Instruction], Reading]]] = MappingProxyType(
    {
        "keywords:existence": words.check_keywords,
        "keywords:frequency": words.check_keyword_frequency,
        "keywords:forbidden_words": words.check_forbidden_words,
        "keywords:letter_frequency": words.check_letter_frequency,
        "change_case:english_capital": _check_english_uppercase,
        "change_case:english_lowercase": _check_english_lowercase,
        "change_case:capital_word_frequency": words.check_capital_words,
        "length_constraints:number_words": words.check_words,
        "length_constraints:number_sentences": words.check_sentences,
        "length_constraints:number_paragraphs": layout.check_starred_paragraphs,
        "length_constraints:nth_paragraph_first_word": layout.check_paragraph_opening,
        "punctuation:no_comma": words.check_no_comma,
        "detectable_content:number_placeholders": layout.check_placeholders,
        "detectable_content:postscript": layout.check_postscript,
        "detectable_format:number_bullet_lists": layout.check_bullets,
        "detectable_format:number_highlighted_sections": layout.check_highlights,
        "detectable_format:multiple_sections": layout.check_sections,
        "detectable_format:constrained_response": layout.check_choice,
        "detectable_format:title": layout.check_title,
        "detectable_format:json_format": layout.check_json,
        "combination:repeat_prompt": layout.check_repeat,
        "combination:two_responses": layout.check_two_responses,
        "startend:end_checker": layout.check_ending,
        "startend:quotation": layout.check_quotation,
        "language:response_language": language.check_language,
    }
)


def find_violated_constraint(case: FailureCase) -> Finding | None:
    """Check every constraint of the case; report the first that the output breaks."""
    if not case.output_text or not case.output_text.strip():
        return None
    instructions = listed_constraints(case.correct_answer)
    is_listed = bool(instructions)
    if not instructions:
        instructions = stated_constraints(case)
    if not instructions:
        return None
    readings = [_read(case.output_text, instruction) for instruction in instructions]
    criteria = tuple(_criterion(case.output_text, reading) for reading in readings)
    broken = next((reading for reading in readings if reading.kept is False), None)
    if broken is not None:
        return _violation(readings, criteria, broken)
    if is_listed and all(reading.kept for reading in readings):
        return _all_kept(case, readings, criteria)
    return None


def listed_constraints(reference: str | None) -> tuple[Instruction, ...]:
    """Return the instructions of a reference that is a JSON list of them, else none."""
    if reference is None or "instruction_id" not in reference:
        return ()
    try:
        items = json.loads(reference)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(items, list):
        return ()
    return tuple(
        Instruction(_kind(item), item)
        for item in cast("list[object]", items)
        if isinstance(item, dict)
    )


def _kind(item: Mapping[str, object]) -> str:
    """Return the id without a language before it: "en:punctuation:no_comma" has one."""
    return ":".join(str(item.get("instruction_id", "")).split(":")[-2:])


def _read(output: str, instruction: Instruction) -> Reading:
    check = _CHECKS.get(instruction.kind)
    if check is None:
        return Reading("", f"keep {instruction.kind}", "is not checked here", kept=None)
    return check(output, instruction)


def _criterion(output: str, reading: Reading) -> Criterion:
    name = f"The output must {reading.asked}."
    evidence = None if reading.span is None else quote_line(output, reading.span.start)
    comment = f"It {reading.measured}."
    if reading.kept:
        return met(name, evidence, f"Kept. {comment}")
    if reading.kept is None:
        return partly_met(name, evidence, f"Cannot be told. {comment}")
    if reading.span is None:
        return missing(name, f"Broken. {comment}")
    return unmet(name, evidence, f"Broken. {comment}")


def _violation(
    readings: Sequence[Reading], criteria: tuple[Criterion, ...], broken: Reading
) -> Finding:
    others = sum(1 for reading in readings if reading.kept is False) - 1
    summary = f"The output was asked to {broken.asked}, but it {broken.measured}."
    if others:
        summary += f" {others} further constraint{'s are' if others > 1 else ' is'} broken."
    position = broken.span.start if broken.span else 0
    return Finding(Outcome.ERROR_FOUND, broken.title, summary, criteria, position, 0.95)


def _all_kept(
    case: FailureCase, readings: Sequence[Reading], criteria: tuple[Criterion, ...]
) -> Finding:
    checked = "; ".join(f"{reading.asked} (it {reading.measured})" for reading in readings)
    summary = (
        f"All {len(readings)} constraints were checked and are kept: {checked}. "
        f"The score of {case.score:g} is not explained by any of them as read here."
    )
    return Finding(Outcome.NO_ERROR_FOUND, None, summary, criteria, 0, 0.6)
