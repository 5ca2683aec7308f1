"""What calls that nobody has made yet are expected to need: from the record, else by default.

The defaults are not measured on a model: tokens of replies of the form that is asked for, written
out by hand (docs/methods.md). Every figure says where it comes from.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa

from errormap_dagster.judge.interface import Operation
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.record import JUDGE_CALLS, Call, CallRecord
from errormap_dagster.judge.llm.recorded import recorded_answer
from errormap_dagster.judge.llm.replies import (
    AnalysisReply,
    CategoryListReply,
    ClassificationReply,
    Reply,
)

_MOST_READ: Final = 500
"""Recorded calls that are read for each stage."""
_FEWEST: Final = 5
"""Recorded calls below which a mean says little."""
_WORD: Final = "error "


@dataclass(frozen=True, slots=True)
class StageExpectation:
    """What a call of one stage is expected to need.

    Attributes:
        completion_tokens: for each unit of a reply: an analysis, a category, a classified error.
        tokens_beside: of a reply, whatever it holds: reasoning that does not show.
        tries: requests for one call.
        cached_share: of the prompt's tokens, from 0 to 1.
        n_recorded: calls that these figures come from; 0 for the defaults.
    """

    completion_tokens: float
    tokens_beside: float = 0.0
    tries: float = 1.0
    cached_share: float = 0.0
    n_recorded: int = 0


@dataclass(frozen=True, slots=True)
class ReplyExpectation:
    """What replies are expected to say, as far as later prompts are made of it.

    Attributes:
        titled_share: of the failures, those in which an error with a title is found.
        texts: titles, each with its summary, that further ones will be like.
        new_title_share: of further titles, those that no failure has had.
        new_summary_share: of further summaries, those that no failure has had.
        n_categories: of one list, unless fewer are allowed.
        n_recorded: analyses that this comes from; 0 for the defaults.
    """

    titled_share: float = 0.95
    texts: tuple[tuple[str, str], ...] = tuple(
        (f"{n:02} {_WORD * 6}", f"{n:02} {_WORD * 27}") for n in range(30)
    )
    new_title_share: float = 0.7
    new_summary_share: float = 1.0
    n_categories: int = 12
    n_recorded: int = 0


DEFAULTS: Final[Mapping[Operation, StageExpectation]] = {
    Operation.ANALYSE: StageExpectation(350),
    Operation.GENERATE: StageExpectation(45),
    Operation.UPDATE: StageExpectation(45),
    Operation.REVIEW: StageExpectation(45),
    Operation.CLASSIFY: StageExpectation(40),
}


@dataclass(frozen=True, slots=True)
class Expectations:
    """All of it, for the judge of some settings."""

    stages: Mapping[Operation, StageExpectation]
    replies: ReplyExpectation


def units_of(reply: Reply | None) -> int:
    """How many things a reply holds that its length grows with."""
    if isinstance(reply, CategoryListReply):
        return len(reply.categories)
    if isinstance(reply, ClassificationReply):
        return len(reply.classifications)
    return 1


def expectations(record: CallRecord, plans: Mapping[Operation, StagePlan]) -> Expectations:
    """What the record says of calls by these models; the defaults where it says too little."""
    stages: dict[Operation, StageExpectation] = {}
    replies: dict[Operation, list[Reply]] = {}
    for stage, plan in plans.items():
        calls = _drawn(record, plan)
        read = [(call, _reply(plan, call)) for call in calls]
        replies[stage] = [reply for _, reply in read if reply]
        stages[stage] = _of_stage(stage, read)
    # Whoever reasons beside an analysis does so beside any reply.
    beside = (
        stages[Operation.ANALYSE].completion_tokens - DEFAULTS[Operation.ANALYSE].completion_tokens
    )
    for stage, expected in stages.items():
        if not expected.n_recorded:
            stages[stage] = replace(expected, tokens_beside=max(0.0, beside))
    return Expectations(stages, _of_replies(replies))


def _drawn(record: CallRecord, plan: StagePlan) -> list[Call]:
    """Some calls of a stage by its model: those with the lowest ids, which are hashes."""
    columns = JUDGE_CALLS.c
    query = (
        sa.select(JUDGE_CALLS)
        .where(columns.stage == plan.stage.value, columns.judge == plan.model)
        .order_by(columns.call_id)
        .limit(_MOST_READ)
    )
    with record.engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return [Call(**{str(name): value for name, value in row.items()}) for row in rows]


def _reply(plan: StagePlan, call: Call) -> Reply | None:
    answer = recorded_answer(plan, call)
    return answer.reply if answer else None


def _of_stage(stage: Operation, read: Sequence[tuple[Call, Reply | None]]) -> StageExpectation:
    told = [(call, reply) for call, reply in read if reply and call.completion_tokens]
    n_units = sum(units_of(reply) for _, reply in told)
    if len(told) < _least(stage) or not n_units:
        return DEFAULTS[stage]
    prompt = sum(call.prompt_tokens or 0 for call, _ in told)
    cached = sum(call.cached_prompt_tokens or 0 for call, _ in told)
    return StageExpectation(
        completion_tokens=sum(call.completion_tokens or 0 for call, _ in told) / n_units,
        tries=sum(call.attempts for call, _ in read) / len(read),
        cached_share=cached / prompt if prompt else 0.0,
        n_recorded=len(told),
    )


def _least(stage: Operation) -> int:
    # A taxonomy takes few calls: what little there is of them says more than a default.
    return _FEWEST if stage is Operation.ANALYSE else 1


def _of_replies(replies: Mapping[Operation, Sequence[Reply]]) -> ReplyExpectation:
    default = ReplyExpectation()
    lists = [r for stage in replies for r in replies[stage] if isinstance(r, CategoryListReply)]
    n_categories = max((len(r.categories) for r in lists), default=default.n_categories)
    analyses = [r for r in replies.get(Operation.ANALYSE, []) if isinstance(r, AnalysisReply)]
    texts = [(reply.error_title, reply.error_summary) for reply in analyses if reply.error_title]
    if len(texts) < _FEWEST:
        return ReplyExpectation(n_categories=n_categories)
    return ReplyExpectation(
        titled_share=len(texts) / len(analyses),
        texts=tuple(texts),
        new_title_share=_unseen_share([title for title, _ in texts]),
        new_summary_share=_unseen_share([summary for _, summary in texts]),
        n_categories=n_categories,
        n_recorded=len(analyses),
    )


def _unseen_share(drawn: Sequence[str]) -> float:
    """How likely the next draw is one that was never drawn: the share of what was drawn once.

    The estimator of Good and Turing (Good, 1953).
    """
    return sum(n == 1 for n in Counter(drawn).values()) / len(drawn)
