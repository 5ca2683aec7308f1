"""Growing a taxonomy with a language model: a list at each place of the tree, and what divides it.

The scheme is TnT-LLM's (arXiv 2403.12173) as ErrorMap uses it: a list from the first batch of
titles, brought up to date with each further one, reviewed once; then errors are put into the
categories, and each category with enough errors is divided in the same way.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from errormap_dagster.domain.growth import Branch, Draft, Growth, Level
from errormap_dagster.domain.identity import hash_fraction
from errormap_dagster.domain.lineage import ORIGIN, growth_of
from errormap_dagster.domain.records import Category, JudgedError
from errormap_dagster.domain.synonyms import merged_synonyms
from errormap_dagster.errors import JudgeStoppedError
from errormap_dagster.judge.interface import ClassificationTask, Operation, TaxonomyLimits
from errormap_dagster.judge.llm.category_lists import FEWEST_CATEGORIES, ListMaker
from errormap_dagster.judge.llm.classifying import Ask, Classifier
from errormap_dagster.judge.llm.plan import StagePlan


class Induction:
    """Grows one taxonomy."""

    def __init__(
        self,
        ask: Ask,
        plans: Mapping[Operation, StagePlan],
        classifier: Classifier,
        limits: TaxonomyLimits,
        titles_per_call: int,
        prompt_tokens: int,
    ) -> None:
        self._lists = ListMaker(ask, plans, limits, titles_per_call, prompt_tokens)
        self._classifier = classifier
        self._limits = limits
        self._base: dict[str | None, list[Draft]] = {}

    async def grow(self, errors: Sequence[JudgedError], base: Sequence[Category] = ()) -> Growth:
        """The tree, with what was changed of the base and every step.

        Raises:
            JudgeStoppedError: the judge gave no usable list for the top of the tree.
        """
        self._base = _drafts_by_parent(base)
        top = await self._level(errors, None, 1)
        if not any(step.call_id and step.categories for step in top.steps):
            raise JudgeStoppedError(
                "The judge gave no usable list of categories. `judge_calls` says how its calls "
                "ended; `errormap run` asks them again."
            )
        return growth_of(top, base)

    async def _level(
        self, errors: Sequence[JudgedError], parent: Draft | None, depth: int
    ) -> Level:
        if parent is not None and self._lists.most(len(errors)) < FEWEST_CATEGORIES:
            return Level()  # a question whose answer would not be used
        above = parent.base_ids if parent else (None,)
        given = [draft for base_id in above for draft in self._base.get(base_id, [])]
        listed = await self._lists.make(errors, parent, given)
        if parent is not None and len(listed.drafts) < FEWEST_CATEGORIES:
            return Level((), tuple(listed.steps), listed.lost)  # one would repeat its parent
        members = await self._placed(errors, listed.drafts)
        drafts, members, merged = merged_synonyms(listed.drafts, members)
        below = await asyncio.gather(
            *(self._below(own, draft, depth) for draft, own in zip(drafts, members, strict=True))
        )
        branches = [Branch(d, tuple(m), b) for d, m, b in zip(drafts, members, below, strict=True)]
        return Level(tuple(branches), (*listed.steps, *merged), listed.lost)

    async def _below(self, errors: Sequence[JudgedError], draft: Draft, depth: int) -> Level:
        limits = self._limits
        if depth >= limits.max_depth or len(errors) < limits.min_errors_to_split:
            return Level()
        return await self._level(errors, draft, depth + 1)

    async def _placed(
        self, errors: Sequence[JudgedError], drafts: Sequence[Draft]
    ) -> list[list[JudgedError]]:
        """The errors of each draft; of many errors a seeded share is placed."""
        limits = self._limits
        drawn = sorted(errors, key=lambda error: hash_fraction(limits.seed, error.prediction_id))
        drawn = sorted(drawn[: limits.max_errors_placed], key=lambda error: error.prediction_id)
        # The judge chooses within the level: what lies above it is decided already.
        choices = [_choice(draft, place) for place, draft in enumerate(drafts, start=1)]
        answers = await self._classifier.classify(ClassificationTask(drawn, choices))
        members: dict[str | None, list[JudgedError]] = defaultdict(list)
        by_id = {error.prediction_id: error for error in drawn}
        for answer in answers:
            members[answer.category_id].append(by_id[answer.prediction_id])
        return [members[choice.category_id] for choice in choices]


def _drafts_by_parent(base: Sequence[Category]) -> dict[str | None, list[Draft]]:
    found: dict[str | None, list[Draft]] = defaultdict(list)
    for category in sorted(base, key=lambda c: (c.depth, c.priority, c.category_id)):
        draft = Draft(category.name, category.description, (category.category_id,))
        found[category.parent_category_id].append(draft)
    return found


def _choice(draft: Draft, place: int) -> Category:
    return Category(str(place), None, 1, draft.name, draft.description, "", "", place, ORIGIN)
