"""Replies that stand for those that nobody has yet: of the expected length, and empty of meaning.

An estimate needs them, for the prompts of later stages are made of the replies of earlier ones.
Everything follows from the id of the call.
"""

import re
from typing import Final

from errormap_dagster.domain.identity import hash_fraction
from errormap_dagster.domain.records import Outcome
from errormap_dagster.judge.llm.expectations import ReplyExpectation
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.replies import (
    AnalysisReply,
    CategoryListReply,
    CategoryReply,
    ClassificationReply,
    ClassifiedError,
    Reply,
)

_ERROR: Final = re.compile(r"^\[(\d+)\] ", re.MULTILINE)
_CATEGORY: Final = re.compile(r"^(C\d+): ", re.MULTILINE)
_MOST: Final = re.compile(r"at most (\d+) categories")
_DESCRIPTION: Final = "Expected" + " error" * 20
_MARK: Final = 8


def stand_in(
    plan: StagePlan, call_id: str, texts: tuple[str, str], expected: ReplyExpectation
) -> Reply | None:
    """A reply of the form that a stage asks for; None where the form is not known here.

    Args:
        plan: of the stage.
        call_id: of the question.
        texts: the two parts of the prompt.
        expected: of such replies.
    """
    system, case = texts
    if plan.reply_model is AnalysisReply:
        return _analysis(call_id, expected)
    if plan.reply_model is CategoryListReply:
        most = _MOST.search(case)
        n = min(expected.n_categories, int(most.group(1))) if most else expected.n_categories
        return CategoryListReply(
            explanation="Expected.", categories=[_category(call_id, number) for number in range(n)]
        )
    if plan.reply_model is ClassificationReply:
        ids = _CATEGORY.findall(system) or _CATEGORY.findall(case)
        numbers = [int(number) for number in _ERROR.findall(case)]
        entries = [_classified(call_id, number, ids) for number in numbers]
        return ClassificationReply(classifications=entries)
    return None


def _analysis(call_id: str, expected: ReplyExpectation) -> AnalysisReply:
    has_title = hash_fraction(0, call_id) < expected.titled_share
    title, summary = expected.texts[int(len(expected.texts) * hash_fraction(1, call_id))]
    draw = hash_fraction(2, call_id)
    outcome = Outcome.ERROR_FOUND if has_title else Outcome.NO_ERROR_FOUND
    if draw < expected.new_title_share:
        title = _unlike_others(title, call_id)
    if draw < expected.new_summary_share:
        summary = _unlike_others(summary, call_id)
    return AnalysisReply(
        criteria=[],
        outcome=outcome.value,
        error_summary=summary,
        error_title=title if has_title else None,
    )


def _unlike_others(text: str, call_id: str) -> str:
    """A text of the same length that no other call has."""
    return call_id[:_MARK] + text[_MARK:]


def _category(call_id: str, number: int) -> CategoryReply:
    return CategoryReply(
        name=f"Expected {call_id[:4]} {number}",
        description=_DESCRIPTION,
        builds_on=[],
    )


def _classified(call_id: str, number: int, ids: list[str]) -> ClassifiedError:
    # Few categories hold most errors: the square of an even draw leans to the first ones.
    place = int(len(ids) * hash_fraction(number, call_id) ** 2)
    return ClassifiedError(
        error_number=number,
        reason="Expected.",
        category_id=ids[place] if ids else "",
        runner_up_category_id=None,
        confidence=0.5,
    )
