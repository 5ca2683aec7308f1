"""Recognises what kind of answer a task asks for, from its texts alone."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from errormap_dagster.domain.records import FailureCase
from errormap_dagster.judge.embedded.answers import numeric

_MAX_INPUT: Final = 30_000
_OPTION: Final = re.compile(r"^[ \t]*\(?([A-P])[.):][ \t]*(\S[^\n]*|$)", re.MULTILINE)
_CODE: Final = re.compile(r"^\s*(?:def |class |import |from \w+ import )", re.MULTILINE)
_REFERENCE_LETTER: Final = re.compile(r"^\s*\(?([A-P])(?:[.):]\s*(.*))?$", re.DOTALL)
_MIN_OPTIONS: Final = 2


@dataclass(frozen=True, slots=True)
class Option:
    """A lettered option of a multiple-choice question."""

    letter: str
    text: str


@lru_cache(maxsize=32)
def read_options(question: str) -> tuple[Option, ...]:
    """Return the last run of options A, B, C ... of a question, empty if there is none."""
    run: list[Option] = []
    for match in _OPTION.finditer(question[:_MAX_INPUT]):
        letter = match.group(1)
        if letter == "A":
            run = []
        if ord(letter) - ord("A") == len(run):
            run.append(Option(letter, match.group(2).strip()))
    return tuple(run) if len(run) >= _MIN_OPTIONS else ()


def question_stem(question: str) -> str:
    """Return what stands before option A, all of the text if there are no options."""
    options = read_options(question)
    start = question.rfind(options[0].text) if options and options[0].text else -1
    return question if start == -1 else question[:start]


def reference_letter(case: FailureCase) -> str | None:
    """Return the letter of the right option, None if this is no multiple-choice task."""
    options = read_options(case.input_text)
    if not options or case.correct_answer is None:
        return None
    match = _REFERENCE_LETTER.match(case.correct_answer)
    if match is None or match.group(1) not in {option.letter for option in options}:
        return None
    return match.group(1)


def has_code(input_text: str) -> bool:
    """Whether a task shows or asks for code, by its text."""
    return _CODE.search(input_text[:_MAX_INPUT]) is not None


def is_code_task(case: FailureCase) -> bool:
    """Whether the task shows or asks for code."""
    return has_code(case.input_text)


def reference_value(case: FailureCase) -> float | None:
    """Return the number that a word problem asks for, None for any other task."""
    if case.correct_answer is None or read_options(case.input_text) or is_code_task(case):
        return None
    return numeric(case.correct_answer)


def asks_for_json_answer(case: FailureCase) -> bool:
    """Whether the prompt asks for a JSON object with a field ``answer``."""
    return '"answer"' in case.input_text and "json" in case.input_text.lower()


def question_of(case: FailureCase) -> str:
    """Return the question without the instructions that follow it."""
    text = case.input_text[:_MAX_INPUT]
    start = text.find("Question:")
    text = text[start + len("Question:") :] if start != -1 else text
    end = text.find("## Instruction")
    return text if end == -1 else text[:end]
