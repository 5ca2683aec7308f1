"""One list of categories by asking a model: generated, updated batch by batch, reviewed.

Titles come in a seeded order in which frequent ones tend to be early. Once several batches in a
row have added, merged, split and dropped nothing, the rest is left unread, and the steps say so.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from errormap_dagster.domain.growth import Draft, InductionStep, StepOperation
from errormap_dagster.domain.identity import hash_fraction
from errormap_dagster.domain.records import JudgedError
from errormap_dagster.judge.interface import Operation, TaxonomyLimits
from errormap_dagster.judge.llm.classifying import Ask
from errormap_dagster.judge.llm.drafting import DraftList, draft_list
from errormap_dagster.judge.llm.list_prompts import ListPrompt
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.replies import CategoryListReply
from errormap_dagster.judge.llm.texts import one_line

FEWEST_CATEGORIES: Final = 2
_SHARE_OF_ERRORS: Final = 0.1
"""At most this share of the errors becomes categories of one level, as in the reference code."""
_TRIES: Final = 2
_SMALLEST_BATCH: Final = 25
"""A batch that fails is asked again in halves, down to this many titles."""


@dataclass
class CategoryList:
    """A list under way: the drafts as they stand, and how they came.

    Attributes:
        drafts: the categories so far; at the start those that the list builds on.
        steps: what was done, in order, without numbers and places in the tree.
        lost: reasons why categories of the base are continued no more, by id.
    """

    drafts: tuple[Draft, ...]
    steps: list[InductionStep] = field(default_factory=list[InductionStep])
    lost: dict[str, str] = field(default_factory=dict[str, str])

    def note(
        self,
        operation: StepOperation,
        shown: tuple[int, int],
        reason: str,
        *,
        is_changed: bool = False,
        call_id: str | None = None,
    ) -> None:
        """Keep a step with the list as it stands; ``shown`` counts titles and their errors."""
        listed = tuple((draft.name, draft.description) for draft in self.drafts)
        self.steps.append(
            InductionStep(0, operation, None, *shown, listed, is_changed, reason, call_id)
        )


class ListMaker:
    """Makes lists of categories, each at one place of the tree."""

    def __init__(
        self,
        ask: Ask,
        plans: Mapping[Operation, StagePlan],
        limits: TaxonomyLimits,
        titles_per_call: int,
        prompt_tokens: int,
    ) -> None:
        self._ask = ask
        self._plans = plans
        self._limits = limits
        self._titles_per_call = titles_per_call
        self._prompt_tokens = prompt_tokens

    def most(self, n_errors: int) -> int:
        """How many categories errors may be divided into."""
        share = math.ceil(_SHARE_OF_ERRORS * n_errors)
        return max(1, min(self._limits.max_categories_per_level, share))

    async def make(
        self, errors: Sequence[JudgedError], parent: Draft | None, given: Sequence[Draft]
    ) -> CategoryList:
        """The categories of some errors; no drafts when the judge gave no usable list."""
        counts = Counter(one_line(error.error_title) for error in errors)
        listed = CategoryList(tuple(given))
        prompt = ListPrompt(self._prompt_tokens, counts)
        question = _Question(parent, self.most(len(errors)), counts, prompt)
        await self._read_batches(listed, question)
        if len(listed.drafts) >= FEWEST_CATEGORIES:
            await self._step(listed, question, StepOperation.REVIEW, ())
        return listed

    async def _read_batches(self, listed: CategoryList, question: "_Question") -> None:
        titles = _ordered(question.counts, self._limits.seed)
        batches = question.prompt.batches(titles, self._titles_per_call)
        n_unchanged = 0
        while batches:
            batch = batches.popleft()
            operation = StepOperation.UPDATE if listed.drafts else StepOperation.GENERATE
            answered = await self._step(listed, question, operation, batch)
            if answered is None:
                if len(batch) > _SMALLEST_BATCH:
                    half = (len(batch) + 1) // 2
                    batches.extendleft([batch[half:], batch[:half]])
                continue
            n_unchanged = 0 if answered.is_changed else n_unchanged + 1
            if batches and 0 < self._limits.stop_after_unchanged <= n_unchanged:
                _stop_early(listed, question, [title for batch in batches for title in batch])
                return

    async def _step(
        self,
        listed: CategoryList,
        question: "_Question",
        operation: StepOperation,
        titles: Sequence[str],
    ) -> DraftList | None:
        """Bring the list up to date by one answer; None, and the list as it was, without one."""
        shown = question.shown(titles)
        answered, call_id = await self._asked(listed.drafts, question, operation, titles)
        if answered is None:
            why = f"no usable list in {_TRIES} answers: the list stands as it was"
            if len(titles) > _SMALLEST_BATCH:
                why += ", and the titles are asked again in halves"
            listed.note(operation, shown, why, call_id=call_id)
            return None
        listed.drafts = answered.drafts
        listed.lost |= answered.lost
        mended = f" (mended: {' '.join(answered.faults)})" if answered.faults else ""
        listed.note(
            operation,
            shown,
            answered.explanation + mended,
            is_changed=answered.is_changed,
            call_id=call_id,
        )
        return answered

    async def _asked(
        self,
        given: Sequence[Draft],
        question: "_Question",
        operation: StepOperation,
        titles: Sequence[str],
    ) -> tuple[DraftList | None, str | None]:
        """The list of an answer, sent back once when it has faults, and the id of the call."""
        plan = self._plans[Operation(operation.value)]
        values = self._values(given, question, titles)
        best: DraftList | None = None
        call_id: str | None = None
        for _ in range(_TRIES):
            answer = await self._ask(plan, plan.prompt.system({}), plan.prompt.case(values))
            if not isinstance(answer.reply, CategoryListReply):
                call_id = call_id or answer.call.call_id
                continue
            read = draft_list(answer.reply, given, self._limits, question.most)
            if read.drafts or best is None:
                best, call_id = read, answer.call.call_id
            if not read.faults:
                break
            values |= {
                "answered": question.prompt.answered(answer.reply),
                "faults": question.prompt.faults(read.faults),
            }
        return (best if best and best.drafts else None), call_id

    def _values(
        self, given: Sequence[Draft], question: "_Question", titles: Sequence[str]
    ) -> dict[str, object]:
        return {
            "max_categories": question.most,
            "max_name_words": self._limits.max_name_words,
            "max_description_words": self._limits.max_description_words,
            "parent": question.prompt.parent(question.parent),
            "categories": question.prompt.categories(given),
            "titles": question.prompt.titles(titles),
        }


@dataclass(frozen=True, slots=True)
class _Question:
    """What is the same in every step of one list."""

    parent: Draft | None
    most: int
    counts: Mapping[str, int]
    prompt: ListPrompt

    def shown(self, titles: Sequence[str]) -> tuple[int, int]:
        """How many titles, and how many errors have them."""
        return len(titles), sum(self.counts[title] for title in titles)


def _ordered(counts: Mapping[str, int], seed: int) -> list[str]:
    """Titles in a seeded order: each next one is drawn in proportion to its count.

    The draw without replacement of Efraimidis and Spirakis (2006), by one hash per title.
    """

    def place(title: str) -> tuple[float, str]:
        return -math.log1p(-hash_fraction(seed, title)) / counts[title], title

    return sorted(counts, key=place)


def _stop_early(listed: CategoryList, question: _Question, unread: Sequence[str]) -> None:
    n_titles, n_errors = question.shown(unread)
    reason = (
        f"the batches before changed nothing: {n_titles} titles of {n_errors} errors are unread"
    )
    listed.note(StepOperation.STOP_EARLY, (n_titles, n_errors), reason)
