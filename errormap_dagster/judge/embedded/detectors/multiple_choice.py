"""Reads multiple-choice answers: which option was chosen, and whether the reasoning led there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.judge.embedded.answers import Answer, final_answer, numeric, same_answer
from errormap_dagster.judge.embedded.calculations import is_same, read_steps
from errormap_dagster.judge.embedded.detectors.output_state import cut_off, has_end
from errormap_dagster.judge.embedded.findings import (
    Finding,
    met,
    missing,
    partly_met,
    quote,
    quote_line,
    unmet,
)
from errormap_dagster.judge.embedded.tasks import Option, read_options, reference_letter

WRONG_LETTER: Final = "Option contradicts own result"
NO_OPTION: Final = "No option chosen"
NO_LETTER: Final = "Right answer without its letter"
SEVERAL: Final = "Several options chosen"
UNKNOWN: Final = "Option does not exist"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        WRONG_LETTER: "atlas.answer_selection_error",
        NO_OPTION: "atlas.no_answer_given",
        NO_LETTER: "atlas.formatting_error",
        SEVERAL: "atlas.specification_misinterpretation",
        UNKNOWN: "atlas.answer_selection_error",
    }
)

_TAIL: Final = 4_000
_LIST: Final = 300
_FEWEST_LISTED: Final = 3
"""Different options stated as the answer within the last characters: a list, no change of mind."""
_CHOICE: Final = re.compile(
    r"(?:(?:answer|option|choice)(?:[^.\n]{0,60}?\b(?:is|are|be))?[*_\s:=]{0,8}(?:option\s+)?"
    r"|\"answer\"\s*:\s*\"|\\boxed\{(?:\\text\{)?)"
    r"\(?([A-P])\)?(?![A-Za-z'’])"
    r"((?:\s*(?:,|and|or|&)\s*\(?[A-P]\)?(?![A-Za-z'’])){1,5})?",
    re.IGNORECASE,
)
_BARE: Final = re.compile(r"^\W*([A-P])\W*$")
_SENTENCE: Final = re.compile(r"[.!?\n]\s+|\n")
_CONCLUDES: Final = re.compile(r"\s*(?:therefore|thus|hence|so)\b", re.IGNORECASE)
_IN_BRACKETS: Final = re.compile(r"\(([A-P])\)")
_DIGIT: Final = re.compile(r"\d")
_SHORTEST_TEXT: Final = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """The option that an output settles on, and where it says so."""

    letters: tuple[str, ...]
    start: int
    end: int


def read_choice(output: str) -> Choice | None:
    """The last option that an output names as its answer, None if it names none."""
    offset = max(0, len(output) - _TAIL)
    stated = [match for match in _CHOICE.finditer(output, offset) if match.group(1).isupper()]
    found = stated[-1] if stated else None
    if found is None:
        bare = _BARE.match(output.strip()[:_SHORTEST_TEXT])
        return Choice((bare.group(1),), 0, len(output)) if bare else _concluded(output)
    close = [match for match in stated if match.start() >= len(output) - _LIST]
    if len({match.group(1) for match in close}) >= _FEWEST_LISTED:
        letters = tuple(dict.fromkeys(match.group(1) for match in close))
        return Choice(letters, close[0].start(), found.end())
    more = re.findall(r"[A-P](?![A-Za-z])", found.group(2) or "")
    return Choice((found.group(1), *more), found.start(), found.end())


def _concluded(output: str) -> Choice | None:
    """The one letter in brackets of a last sentence that draws a conclusion."""
    text = output.rstrip()
    start = max((match.end() for match in _SENTENCE.finditer(text)), default=0)
    if not _CONCLUDES.match(text, start):
        return None
    letters = list(_IN_BRACKETS.finditer(text, start))
    if len(letters) != 1:
        return None
    return Choice((letters[0].group(1),), start, len(text))


def find_choice_error(case: FailureCase) -> Finding | None:
    """No option, several, one that does not exist, or one that the reasoning contradicts."""
    expected = reference_letter(case)
    output = case.output_text
    if expected is None or not output:
        return None
    options = {option.letter: option for option in read_options(case.input_text)}
    choice = read_choice(output)
    if choice is None:
        return _no_option(output, options[expected])
    evidence = quote(output, choice.start, choice.end)
    if len(set(choice.letters)) > 1:
        return _wrong(
            SEVERAL, f"Names {', '.join(choice.letters)} where one is asked for.", choice, evidence
        )
    letter = choice.letters[0]
    if letter == expected:
        told = f"The output chooses {letter}, which is the reference; the scorer missed it."
        return Finding(
            Outcome.NO_ERROR_FOUND, None, told, (met("Chooses an option", evidence, told),), 0, 0.95
        )
    if letter not in options:
        return _wrong(
            UNKNOWN, f"Chooses {letter}, which is not among the options.", choice, evidence
        )
    return _contradiction(output, choice, options[letter], options[expected])


def _no_option(output: str, right: Option) -> Finding:
    answer = final_answer(output)
    if answer is not None and same_answer(answer.text, right.text):
        return _without_letter(output, answer, right)
    if not has_end(output):
        return cut_off(output)
    told = "The output ends without naming one of the options as its answer."
    end = quote(output.rstrip(), len(output.rstrip()) - 150, len(output))
    criteria = (
        partly_met("Reasons about the question", end, "how the output ends"),
        missing("Chooses an option", told),
    )
    return Finding(Outcome.ERROR_FOUND, NO_OPTION, told, criteria, len(output), 0.8)


def _without_letter(output: str, answer: Answer, right: Option) -> Finding:
    told = (
        f"The output answers {answer.text!r}, which is what the right option {right.letter} says, "
        "but names no letter, as the task asks for."
    )
    evidence = quote(output, answer.start, max(answer.end, answer.start + 1))
    criteria = (
        met("Arrives at the right answer", evidence, "as the right option has it"),
        missing("Names the letter of its option", told),
    )
    return Finding(Outcome.ERROR_FOUND, NO_LETTER, told, criteria, answer.start, 0.85)


def _wrong(title: str, told: str, choice: Choice, evidence: str) -> Finding:
    criterion = unmet("Chooses one of the options", evidence, told)
    return Finding(Outcome.ERROR_FOUND, title, told, (criterion,), choice.start, 0.9)


def _contradiction(output: str, choice: Choice, chosen: Option, right: Option) -> Finding | None:
    place = _result_place(output, choice, chosen, right) or _text_place(
        output, choice, chosen, right
    )
    if place is None:
        return None
    told = (
        f"The reasoning arrives at {right.text!r}, which is option {right.letter}, "
        f"but the output chooses {chosen.letter} ({chosen.text!r})."
    )
    criteria = (
        met("Reasons to the right result", quote_line(output, place), "where the result stands"),
        unmet("Chooses the option of its result", quote(output, choice.start, choice.end), told),
    )
    return Finding(Outcome.ERROR_FOUND, WRONG_LETTER, told, criteria, choice.start, 0.9)


def _result_place(output: str, choice: Choice, chosen: Option, right: Option) -> int | None:
    """Where the last calculation before the choice gives the right option's value."""
    value, other = numeric(right.text), numeric(chosen.text)
    steps = [step for step in read_steps(output) if step.end <= choice.start]
    if value is None or (other is not None and is_same(value, other)):
        return None
    # "57 = 3 x 19" takes a number apart; a result stands on the right of what it comes from.
    steps = [step for step in steps if step.start == step.expression.start]
    if not steps:
        return None
    last = steps[-1]
    if _DIGIT.search(output, last.end, choice.start):
        return None  # the reasoning goes on to other numbers
    is_right = is_same(last.stated, value) and not (
        other is not None and is_same(last.stated, other)
    )
    return last.start if is_right else None


def _text_place(output: str, choice: Choice, chosen: Option, right: Option) -> int | None:
    """Where the sentence of the choice gives the right option's text beside the wrong letter."""
    if len(right.text) < _SHORTEST_TEXT or same_answer(right.text, chosen.text):
        return None
    before = [match.end() for match in _SENTENCE.finditer(output, 0, choice.start)]
    start = before[-1] if before else 0
    sentence = output[start : choice.end + len(right.text) + 20].casefold()
    wanted = right.text.rstrip(".").casefold()
    if wanted not in sentence or chosen.text.rstrip(".").casefold() in sentence:
        return None
    return start + sentence.find(wanted)
