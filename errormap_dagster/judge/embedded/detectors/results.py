"""Looks at what an output makes of its results: unused, or not the one that it answers."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.judge.embedded.answers import final_answer
from errormap_dagster.judge.embedded.calculations import Step, is_same
from errormap_dagster.judge.embedded.comparison import knows
from errormap_dagster.judge.embedded.findings import Finding, met, quote, unmet
from errormap_dagster.judge.embedded.mentions import numbers_in, operands_of, stands_in
from errormap_dagster.judge.embedded.numbers_shown import show, show_written
from errormap_dagster.judge.embedded.solutions import Solution
from errormap_dagster.judge.embedded.word_problems import failed_solution, readable_solutions

UNUSED: Final = "Own result left unused"
OTHER_ANSWER: Final = "Answer differs from own result"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        UNUSED: "atlas.incomplete_reasoning",
        OTHER_ANSWER: "atlas.answer_selection_error",
    }
)

_CLOSE: Final = 0.01


def find_unused_result(case: FailureCase) -> Finding | None:
    """Return a result that nothing after it takes up, though every correct output needs it.

    Only where all else agrees with correct outputs; otherwise the error may stand anywhere.
    """
    failed = failed_solution(case)
    if failed is None or failed.last < 1:
        return None
    output = case.output_text or ""
    correct = list(readable_solutions(case).values())
    if not correct or not all(_is_known(step, correct) for step in failed.steps[: failed.last + 1]):
        return None
    for index, step in enumerate(failed.steps[: failed.last]):
        if _is_taken_up(output, failed, index):
            continue
        if all(_takes(solution, step.stated) for solution in correct):
            return _unused(output, step, failed.steps[failed.last])
    return None


def _is_known(step: Step, correct: Sequence[Solution]) -> bool:
    """Whether a step holds and a correct solution has the same result of it."""
    return is_same(step.value, step.stated) and any(
        knows(solution, step.stated) for solution in correct
    )


def _is_taken_up(output: str, failed: Solution, index: int) -> bool:
    step = failed.steps[index]
    later = {following.stated for following in failed.steps[index + 1 :]}
    behind = output[step.end :].lstrip(" $0123456789.,")
    return failed.is_used(index) or stands_in(step.stated, {*later, *numbers_in(behind)})


def _takes(solution: Solution, value: float) -> bool:
    return stands_in(value, operands_of(solution))


def _unused(output: str, step: Step, last: Step) -> Finding:
    written = show_written(output[step.start : step.end])
    told = (
        f"The solution computes {written} but never takes this result up again; its answer comes "
        f"from {show_written(output[last.start : last.end])} without it."
    )
    criteria = (
        met("Computes a result", quote(output, step.start, step.end), "holds by itself"),
        unmet("Uses the result in the answer", quote(output, last.start, last.end), told),
    )
    return Finding(Outcome.ERROR_FOUND, UNUSED, told, criteria, last.start, 0.6)


def find_other_answer(case: FailureCase) -> Finding | None:
    """Return a final answer that no calculation gives and that stands nowhere before it."""
    failed, answer = failed_solution(case), final_answer(case.output_text or "")
    if failed is None or failed.last >= 0 or failed.answer is None or answer is None:
        return None
    output, last = case.output_text or "", failed.steps[-1]
    body = output[: answer.start]
    if "=" in output[last.end : answer.start] or stands_in(failed.answer, numbers_in(body)):
        return None
    if _is_rounded(last, failed.answer):
        return None
    result = show(last.stated)
    told = (
        f"The last calculation gives {result}, but the answer stated is {show(failed.answer)}, "
        "which nothing before it leads to."
    )
    criteria = (
        met("Works out a result", quote(output, last.start, last.end), f"gives {result}"),
        unmet("Answers with its own result", quote(output, answer.start, answer.end), told),
    )
    return Finding(Outcome.ERROR_FOUND, OTHER_ANSWER, told, criteria, answer.start, 0.75)


def _is_rounded(step: Step, answer: float) -> bool:
    """Whether the answer is the last result rounded, or scaled by a power of ten."""
    results = (step.stated, step.value)
    scaled = [result * factor for result in results for factor in (1.0, 100.0, 0.01)]
    return any(
        abs(abs(result) - abs(answer)) <= max(1.0, abs(answer) * _CLOSE) for result in scaled
    )
