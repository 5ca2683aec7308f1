"""Compares the final answer with the reference: is it missing, or was it right after all?"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import Criterion, FailureCase, Outcome
from errormap_dagster.judge.embedded.answers import Answer, final_answer, same_answer
from errormap_dagster.judge.embedded.detectors.multiple_choice import read_choice
from errormap_dagster.judge.embedded.findings import Finding, met, missing, quote, unmet
from errormap_dagster.judge.embedded.tasks import (
    asks_for_json_answer,
    is_code_task,
    read_options,
    reference_letter,
    reference_value,
)

NO_ANSWER: Final = "No final answer stated"

TITLES: Final[Mapping[str, str]] = MappingProxyType({NO_ANSWER: "atlas.no_answer_given"})

_LONGEST_SHOWN: Final = 120


def _asks_for_one_answer(case: FailureCase) -> bool:
    """Whether the reference is an answer that an output states at its end."""
    if case.correct_answer is None or read_options(case.input_text) or not case.output_text:
        return False
    return asks_for_json_answer(case) or reference_value(case) is not None


def find_right_answer(case: FailureCase) -> Finding | None:
    """An answer that equals the reference, so that the fault is the scorer's or the label's."""
    if not _asks_for_one_answer(case) or is_code_task(case):
        return None
    output, expected = case.output_text or "", case.correct_answer or ""
    answer = final_answer(output)
    if answer is None or not same_answer(answer.text, expected):
        return None
    told = f"The final answer {answer.text[:_LONGEST_SHOWN]!r} is the reference {expected!r}."
    criterion = met("States the right answer", _quoted(output, answer), told)
    return Finding(Outcome.NO_ERROR_FOUND, None, told, (criterion,), answer.start, 0.95)


def find_missing_answer(case: FailureCase) -> Finding | None:
    """An output that works on the task but never states its answer."""
    output = case.output_text or ""
    if not _asks_for_one_answer(case) or final_answer(output) is not None:
        return None
    told = "The output works on the task but never states a final answer as the task asks for it."
    end = quote(output.rstrip(), len(output.rstrip()) - 150, len(output))
    criteria = (
        met("Works on the task", end, "how the output ends"),
        missing("States a final answer", told),
    )
    return Finding(Outcome.ERROR_FOUND, NO_ANSWER, told, criteria, len(output), 0.6)


def answer_criteria(case: FailureCase) -> tuple[Criterion, ...]:
    """How the stated final answer stands to the reference, for cases with no other finding."""
    output = case.output_text or ""
    expected = reference_letter(case)
    if expected is not None and (choice := read_choice(output)):
        chosen = quote(output, choice.start, choice.end)
        return (unmet("Chooses the right option", chosen, f"the reference is {expected}"),)
    answer = final_answer(output) if _asks_for_one_answer(case) else None
    if answer is None:
        return ()
    told = f"the reference is {(case.correct_answer or '')[:_LONGEST_SHOWN]!r}"
    return (unmet("States the reference answer", _quoted(output, answer), told),)


def _quoted(output: str, answer: Answer) -> str:
    return quote(output, answer.start, max(answer.end, answer.start + 1))
