"""A language model that lists categories from a script, in this process and without a server."""

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from errormap_dagster.domain.growth import Growth
from errormap_dagster.domain.records import Category, JudgedError
from errormap_dagster.judge.interface import Operation, TaxonomyLimits
from errormap_dagster.judge.llm.classifying import Classifier
from errormap_dagster.judge.llm.client import Answer
from errormap_dagster.judge.llm.induction import Induction
from errormap_dagster.judge.llm.plan import StagePlan, plan_of
from errormap_dagster.judge.llm.record import Call
from errormap_dagster.judge.llm.replies import (
    CategoryListReply,
    CategoryReply,
    ClassificationReply,
    ClassifiedError,
)
from errormap_dagster.judge_settings import JudgeSettings

EXPLANATION = "made by script"
PLANS = {stage: plan_of(JudgeSettings(kind="llm", model="m"), stage) for stage in Operation}
CALL = Call(
    **dict.fromkeys("stage judge prompt_hash reply_schema_hash run_id".split(), ""),
    call_id="c",
    parameters="{}",
    status="ok",
    attempts=1,
    prompt_tokens=1,
    cached_prompt_tokens=0,
    completion_tokens=1,
    cost_usd=None,
    seconds=0.0,
    called_at=datetime(2025, 1, 1, tzinfo=UTC),
    reply=None,
    reason=None,
)
Listing = Callable[[Operation, str], Sequence[str | CategoryReply] | None]
"""What a list holds, by the stage and the case that asks for it; None for no answer."""


class Fake:
    """Lists what ``listing`` says, and puts errors into categories by turns."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self.lists: list[tuple[Operation, str]] = []

    @property
    def stages(self) -> list[str]:
        """The stages that asked for a list, in their order."""
        return [stage.value for stage, _ in self.lists]

    async def ask(self, plan: StagePlan, system: str, case: str) -> Answer:
        """Answer as a client would."""
        await asyncio.sleep(0)
        if plan.stage is Operation.CLASSIFY:
            return Answer(_by_turns(system, case), CALL)
        self.lists.append((plan.stage, case))
        names = self._listing(plan.stage, case)
        if names is None:
            return Answer(None, CALL)
        replies = [item if isinstance(item, CategoryReply) else listed(item) for item in names]
        return Answer(CategoryListReply(explanation=EXPLANATION, categories=replies), CALL)


def listed(name: str, *builds_on: str, description: str | None = None) -> CategoryReply:
    """A category of a list."""
    return CategoryReply(
        name=name, description=description or f"All {name}", builds_on=list(builds_on)
    )


def _by_turns(system: str, case: str) -> ClassificationReply:
    ids = re.findall(r"(?m)^(C[1-9]\d*): ", system)
    numbers = map(int, re.findall(r"(?m)^\[(\d+)\]", case))
    said = [
        ClassifiedError(
            error_number=number,
            reason="",
            category_id=ids[number % len(ids)],
            runner_up_category_id=None,
            confidence=1,
        )
        for number in numbers
    ]
    return ClassificationReply(classifications=said)


def errors(n: int) -> list[JudgedError]:
    """Errors, each with a title of its own."""
    return [JudgedError(f"p{i:03}", f"title {i}", f"summary {i}") for i in range(n)]


def growth(
    fake: Fake,
    given: Sequence[JudgedError],
    limits: TaxonomyLimits | None = None,
    titles_per_call: int = 500,
    base: Sequence[Category] = (),
    prompt_tokens: int = 12_000,
) -> Growth:
    """What grows from errors; one level and one batch unless told otherwise."""
    classifier = Classifier(fake.ask, PLANS[Operation.CLASSIFY], 50)
    chosen = limits or TaxonomyLimits(max_depth=1)
    induction = Induction(fake.ask, PLANS, classifier, chosen, titles_per_call, prompt_tokens)
    return asyncio.run(induction.grow(given, base))
