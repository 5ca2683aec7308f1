"""Growing a taxonomy with a language model: generate, update batch by batch, review, and divide.

The scheme is TnT-LLM's (arXiv 2403.12173) as ErrorMap uses it: a list from the first batch of
titles, brought up to date with each further one, reviewed once; then the errors are put into the
categories, and each category with enough errors is divided in the same way.
"""

import asyncio
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from errormap_dagster.domain.identity import content_id, hash_fraction
from errormap_dagster.domain.records import Category, JudgedError
from errormap_dagster.domain.taxonomy import is_vague
from errormap_dagster.errors import JudgeStoppedError
from errormap_dagster.judge.interface import ClassificationTask, Operation, TaxonomyLimits
from errormap_dagster.judge.llm.classifying import Ask, Classifier
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.replies import CategoryListReply, CategoryReply
from errormap_dagster.judge.llm.texts import (
    fenced,
    one_line,
    shortened,
    shortened_line,
    shortened_together,
    tokens_at_most,
)

_SHARE_OF_ERRORS: Final = 0.1
_FEWEST_CATEGORIES: Final = 2
_TRIES: Final = 2
_ORIGIN: Final = "induced"
_SHARE_OF_TITLES: Final = 0.25
_SHARE_OF_CATEGORIES: Final = 0.3
"""Of a prompt, at most; the rest is for its own words and the form of the reply."""
_TITLE_TOKENS: Final = 60
_NAME_TOKENS: Final = 20
_PARENT_TOKENS: Final = 150
_LINE_TOKENS: Final = 6
"""What a line has besides its texts: an id, and what stands between."""


class Induction:
    """Grows one taxonomy."""

    def __init__(
        self,
        ask: Ask,
        plans: Mapping[Operation, StagePlan],
        classifier: Classifier,
        limits: TaxonomyLimits,
        titles_per_call: int,
        prompt_tokens: int = 12_000,
    ) -> None:
        self._ask = ask
        self._plans = plans
        self._classifier = classifier
        self._limits = limits
        self._titles_per_call = titles_per_call
        self._prompt_tokens = prompt_tokens

    async def grow(self, errors: Sequence[JudgedError]) -> list[Category]:
        """The tree as a flat list, parents before children.

        Raises:
            JudgeStoppedError: the judge gave no usable list for the top of the tree.
        """
        grown = await self._level(errors, None, 1)
        if not grown:
            raise JudgeStoppedError(
                "The judge gave no usable list of categories. `judge_calls` says how its calls "
                "ended; `errormap run` asks them again."
            )
        return grown

    async def _level(
        self, errors: Sequence[JudgedError], parent: Category | None, depth: int
    ) -> list[Category]:
        listed = await self._list(errors, parent)
        if parent is not None and len(listed) < _FEWEST_CATEGORIES:
            return []  # one child would repeat its parent
        level = [
            self._category(item, parent, depth, place) for place, item in enumerate(listed, start=1)
        ]
        # The judge chooses within the level: what lies above it is decided already.
        choices = [replace(category, parent_category_id=None, depth=1) for category in level]
        answers = await self._classifier.classify(ClassificationTask(errors, choices))
        members: dict[str | None, list[JudgedError]] = defaultdict(list)
        by_id = {error.prediction_id: error for error in errors}
        for answer in answers:
            members[answer.category_id].append(by_id[answer.prediction_id])
        filled = _with_counter_examples(
            [_with_example(category, members[category.category_id]) for category in level]
        )
        branches = await asyncio.gather(
            *(self._branch(members[category.category_id], category) for category in filled)
        )
        return [
            node
            for category, below in zip(filled, branches, strict=True)
            for node in (category, *below)
        ]

    async def _branch(self, errors: Sequence[JudgedError], category: Category) -> list[Category]:
        limits = self._limits
        if category.depth >= limits.max_depth or len(errors) < limits.min_errors_to_split:
            return []
        return await self._level(errors, category, category.depth + 1)

    async def _list(
        self, errors: Sequence[JudgedError], parent: Category | None
    ) -> list[CategoryReply]:
        """The categories of one level; empty when the judge gave no list."""
        most = max(
            1, min(self._limits.max_categories_per_level, math.ceil(_SHARE_OF_ERRORS * len(errors)))
        )
        if parent is not None and most < _FEWEST_CATEGORIES:
            return []  # a question whose answer would not be used
        counts = Counter(error.error_title for error in errors)
        titles = sorted(counts, key=lambda title: hash_fraction(self._limits.seed, title))
        lines = [f"{counts[title]}: {shortened_line(title, _TITLE_TOKENS)}" for title in titles]
        listed: list[CategoryReply] = []
        for batch in self._batches(lines):
            stage = Operation.UPDATE if listed else Operation.GENERATE
            listed = await self._ask_list(stage, parent, most, listed, "\n".join(batch)) or listed
        if len(listed) >= _FEWEST_CATEGORIES:
            listed = await self._ask_list(Operation.REVIEW, parent, most, listed, "") or listed
        return listed

    def _batches(self, lines: Sequence[str]) -> Iterator[list[str]]:
        """Lines of titles, as many in one call as the settings and the prompt allow."""
        room = int(_SHARE_OF_TITLES * self._prompt_tokens)
        batch: list[str] = []
        length = 0
        for line in lines:
            more = tokens_at_most(line) + 1
            if batch and (len(batch) >= self._titles_per_call or length + more > room):
                yield batch
                batch, length = [], 0
            batch.append(line)
            length += more
        if batch:
            yield batch

    def _given(self, listed: Sequence[CategoryReply]) -> str:
        """The list so far, its descriptions shortened to what the prompt has room for."""
        names = [shortened_line(item.name, _NAME_TOKENS) for item in listed]
        room = int(_SHARE_OF_CATEGORIES * self._prompt_tokens)
        room -= sum(tokens_at_most(name) + _LINE_TOKENS for name in names)
        described = shortened_together([item.description for item in listed], room)
        pairs = zip(names, described, strict=True)
        return "\n".join(
            f"C{n}: {name}: {one_line(text)}" for n, (name, text) in enumerate(pairs, start=1)
        )

    async def _ask_list(
        self,
        stage: Operation,
        parent: Category | None,
        most: int,
        listed: Sequence[CategoryReply],
        titles: str,
    ) -> list[CategoryReply]:
        plan = self._plans[stage]
        values = {
            "max_categories": most,
            "max_name_words": self._limits.max_name_words,
            "max_description_words": self._limits.max_description_words,
            "parent": fenced(shortened(_told(parent), _PARENT_TOKENS), "parent") if parent else "",
            "categories": fenced(self._given(listed), "categories"),
            "titles": fenced(titles, "titles"),
        }
        for _ in range(_TRIES):
            answer = await self._ask(plan, plan.prompt.system({}), plan.prompt.case(values))
            if isinstance(answer.reply, CategoryListReply):
                return _usable(answer.reply.categories, most)
        return []

    def _category(
        self, reply: CategoryReply, parent: Category | None, depth: int, place: int
    ) -> Category:
        above = parent.category_id if parent else None
        return Category(
            category_id=f"{_ORIGIN}.{content_id(above, reply.name, length=12)}",
            parent_category_id=above,
            depth=depth,
            name=reply.name,
            description=reply.description,
            example="",
            counter_example="",
            priority=place,
            origin=_ORIGIN,
        )


def _told(category: Category) -> str:
    return f"{category.name}: {category.description}"


def _usable(replies: Sequence[CategoryReply], most: int) -> list[CategoryReply]:
    """The categories that say something, each name once, at most so many, each on one line."""
    tidy = [
        reply.model_copy(
            update={
                "name": " ".join(reply.name.split()),
                "description": " ".join(reply.description.split()),
            }
        )
        for reply in replies
    ]
    by_name = {reply.name.casefold(): reply for reply in reversed(tidy)}
    kept = [r for r in tidy if by_name[r.name.casefold()] is r and not is_vague(r.name)]
    return kept[:most]


def _with_example(category: Category, members: Sequence[JudgedError]) -> Category:
    """The category with the most frequent of its errors as the example."""
    if not members:
        return replace(category, example="No error of the induction belongs here.")
    counts = Counter(error.error_title for error in members)
    typical = min(
        members,
        key=lambda e: (
            -counts[e.error_title],
            len(e.error_summary),
            e.error_summary,
            e.error_title,
        ),
    )
    return replace(category, example=f"{typical.error_title}: {typical.error_summary}")


def _with_counter_examples(level: Sequence[Category]) -> list[Category]:
    """Each category with the example of its neighbour as the near miss."""
    if len(level) == 1:
        return [replace(level[0], counter_example="There is no other category at this place.")]
    return [
        replace(category, counter_example=f"Belongs in {level[n - 1].name}: {level[n - 1].example}")
        for n, category in enumerate(level)
    ]
