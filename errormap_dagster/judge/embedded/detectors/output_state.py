"""Looks at the output as a whole: is there an attempt at the task at all, and is it finished?"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.judge.embedded.answers import final_answer
from errormap_dagster.judge.embedded.findings import Finding, missing, partly_met, quote, unmet
from errormap_dagster.judge.embedded.languages import main_language, names_a_language
from errormap_dagster.judge.embedded.tasks import is_code_task

EMPTY: Final = "Empty output"
REFUSAL: Final = "Refusal to answer"
REPETITION: Final = "Endless repetition"
CUT_OFF: Final = "Output cut off"
LANGUAGE: Final = "Wrong output language"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        EMPTY: "atlas.no_answer_given",
        REFUSAL: "atlas.no_answer_given",
        REPETITION: "atlas.degenerate_output",
        CUT_OFF: "atlas.incomplete_content",
        LANGUAGE: "atlas.specification_misinterpretation",
    }
)

_NO_CONTENT: Final = frozenset({"none", "null", "nan", "na", "n/a", "[]", "{}", "..."})
_REFUSAL: Final = re.compile(
    r"^\W{0,5}(?:(?:i['’]?m|i am) (?:very |really |so )?sorry,? (?:but )?(?:i|as)"
    r"|sorry,? (?:but )?i"
    r"|i (?:can(?:not|['’]?t)|am unable to|['’]?m unable to|won['’]?t|will not)"
    r"|as an ai(?: language model)?,? i (?:can|am|do))"
    r"[^.\n]{0,120}?(?:help|assist|answer|provide|comply|fulfil|do that|complete|generate|write)",
    re.IGNORECASE,
)
_LONGEST_REFUSAL: Final = 700
_TAIL: Final = 4_000
_NEEDLE: Final = 30
_FEWEST_REPEATS: Final = 5
_SHORTEST_LOOP: Final = 300
_FEWEST_SIGNS: Final = 4
_SHORTEST_CUT: Final = 200
_SENTENCE_END: Final = tuple(".!?:;)]}\"'`*”’>|#$。！？")
_SHORTEST_PROSE: Final = 60


def find_missing_attempt(case: FailureCase) -> Finding | None:
    """An output that is empty, refuses, loops, or answers in a language nobody asked for."""
    output = case.output_text
    if output is None or not output.strip():
        told = "There is no output" if output is None else "The output is an empty text"
        return _whole(EMPTY, f"{told}, so nothing can be read in it.", ())
    return (
        _no_content(case, output)
        or _refusal(output)
        or _repetition(output)
        or _wrong_language(case, output)
    )


def _whole(title: str, summary: str, evidence: tuple[str, ...], position: int = 0) -> Finding:
    criteria = tuple(unmet("Attempts the task", quoted, summary) for quoted in evidence)
    return Finding(
        Outcome.WHOLLY_INCORRECT,
        title,
        summary,
        criteria or (missing("Attempts the task", summary),),
        position,
        1.0,
    )


def _no_content(case: FailureCase, output: str) -> Finding | None:
    text = output.strip()
    if text.casefold() not in _NO_CONTENT or text == (case.correct_answer or "").strip():
        return None
    return _whole(EMPTY, f'The whole output is "{text}", which answers nothing.', (text,))


def _refusal(output: str) -> Finding | None:
    text = output.strip()
    match = _REFUSAL.match(text[:_LONGEST_REFUSAL])
    if match is None or len(text) > _LONGEST_REFUSAL:
        return None
    line = quote(text, 0, len(text.split("\n", 1)[0]))
    return _whole(REFUSAL, "The model declines the task instead of attempting it.", (line,))


def _repetition(output: str) -> Finding | None:
    """The end of the output repeats one passage; a cut in the last repetition does not hide it."""
    tail = output.rstrip()[-_TAIL:]
    needle = tail[-_NEEDLE:]
    if len(set(filter(str.isalnum, needle))) < _FEWEST_SIGNS:
        return None
    period = len(tail) - _NEEDLE - tail.rfind(needle, 0, len(tail) - 1)
    if period > len(tail) - _NEEDLE:
        return None
    start = len(tail)
    while start > period and tail[start - 1] == tail[start - 1 - period]:
        start -= 1
    start -= period
    n_repeats = (len(tail) - start) // period
    if n_repeats < _FEWEST_REPEATS or len(tail) - start < _SHORTEST_LOOP:
        return None
    position = len(output.rstrip()) - len(tail) + start
    passage = quote(tail, start, start + period)
    told = f"The output ends by repeating the same passage {n_repeats} times or more."
    return _whole(REPETITION, told, (passage,), position)


def _wrong_language(case: FailureCase, output: str) -> Finding | None:
    asked = main_language(case.input_text)
    given = main_language(output)
    if asked is None or given is None or asked == given or names_a_language(case.input_text):
        return None
    told = (
        f"The prompt is written in {asked} and names no other language; the output is in {given}."
    )
    line = quote(output, 0, len(output))
    criterion = unmet(f"Answers in {asked}", line, told)
    return Finding(Outcome.ERROR_FOUND, LANGUAGE, told, (criterion,), 0, 0.8)


def find_cut_off(case: FailureCase) -> Finding | None:
    """An output that breaks off in the middle of a sentence before any answer."""
    output = (case.output_text or "").rstrip()
    if len(output) < _SHORTEST_CUT or is_code_task(case) or final_answer(output) is not None:
        return None
    last = output.rsplit("\n", 1)[-1]
    is_prose = len(last) >= _SHORTEST_PROSE and last.count(" ") > len(last) / 15
    return cut_off(output) if is_prose and not has_end(output) else None


def has_end(output: str) -> bool:
    """Whether the last sign of an output may end a sentence or a block.

    A formula that is opened in the last paragraph and never closed has no end.
    """
    text = output.rstrip()
    paragraph = text.rsplit("\n\n", 1)[-1]
    if "\\" in paragraph and paragraph.count("$") % 2 == 1:
        return False
    return text.endswith(_SENTENCE_END) or not text[-1:].isascii()


def cut_off(output: str) -> Finding:
    """The finding for an output that breaks off."""
    text = output.rstrip()
    told = "The output ends in the middle of a sentence, without having stated an answer."
    criterion = partly_met("Finishes what it begins", quote(text, len(text) - 120, len(text)), told)
    return Finding(Outcome.ERROR_FOUND, CUT_OFF, told, (criterion,), len(text), 0.7)
