"""Putting errors into categories with a language model, in batches, by ids of a closed list."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Final

from errormap_dagster.domain.identity import content_id
from errormap_dagster.domain.records import Category, Classification, JudgedError
from errormap_dagster.domain.taxonomy import leaves, named_paths
from errormap_dagster.judge.interface import ClassificationTask
from errormap_dagster.judge.llm.client import Answer
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.replies import ClassificationReply, ClassifiedError
from errormap_dagster.judge.llm.texts import (
    fenced,
    one_line,
    shortened_line,
    shortened_together,
    tokens_at_most,
)

Ask = Callable[[StagePlan, str, str], Awaitable[Answer]]
NONE_ID: Final = "C0"
"""Stands for "no category fits"."""
_TITLE_TOKENS: Final = 100
_SUMMARY_TOKENS: Final = 300
_NAME_TOKENS: Final = 100
_DESCRIPTION_TOKENS: Final = 200
_LINE_TOKENS: Final = 6
"""What a line has besides its texts: an id or a number, and what stands between."""
_SHARE_OF_CATEGORIES: Final = 0.6
"""Of a prompt, at most, so that there is room for errors."""
_Text = tuple[str, str]
_Keyed = Sequence[tuple[str, _Text]]


class Classifier:
    """Classifies the errors of tasks; equal texts are one question."""

    def __init__(
        self, ask: Ask, plan: StagePlan, errors_per_call: int, prompt_tokens: int = 12_000
    ) -> None:
        self._ask = ask
        self._plan = plan
        self._errors_per_call = errors_per_call
        self._prompt_tokens = prompt_tokens

    async def classify(self, task: ClassificationTask) -> list[Classification]:
        """The classifications that the judge gave, in the order of the task's errors."""
        choices = self._choices(task)
        if not choices or not task.errors:
            return []
        system, ids = self._system(choices, named_paths(task.categories))
        batches = self._batches(task, system)
        answered = await asyncio.gather(*(self._batch(system, ids, batch) for batch in batches))
        found = {text: reply for batch in answered for text, reply in batch.items()}
        return [
            _classification(error, reply, ids)
            for error in task.errors
            if (reply := found.get((error.error_title, error.error_summary)))
        ]

    def questions(self, task: ClassificationTask) -> Iterator[tuple[str, str]]:
        """The two texts of every prompt that a task begins with."""
        choices = self._choices(task)
        if choices and task.errors:
            system, _ = self._system(choices, named_paths(task.categories))
            yield from ((system, self._case(batch)) for batch in self._batches(task, system))

    def _choices(self, task: ClassificationTask) -> list[Category]:
        return sorted(leaves(task.categories), key=lambda c: (c.priority, c.category_id))

    def _batches(self, task: ClassificationTask, system: str) -> list[list[_Text]]:
        texts = sorted({(e.error_title, e.error_summary) for e in task.errors}, key=_text_key)
        room = self._prompt_tokens - tokens_at_most(system) - tokens_at_most(self._case([]))
        return stable_batches(texts, self._errors_per_call, room)

    def _system(
        self, choices: Sequence[Category], paths: Mapping[str, str]
    ) -> tuple[str, dict[str, str]]:
        """The part of the prompt with the categories, and the real id of each that it names."""
        ids = {f"C{number}": choice.category_id for number, choice in enumerate(choices, start=1)}
        names = [shortened_line(paths[choice.category_id], _NAME_TOKENS) for choice in choices]
        wanted = [shortened_line(choice.description, _DESCRIPTION_TOKENS) for choice in choices]
        frame = self._plan.prompt.system({"categories": "", "none_id": NONE_ID})
        room = int(_SHARE_OF_CATEGORIES * self._prompt_tokens) - tokens_at_most(frame)
        room -= sum(tokens_at_most(name) + _LINE_TOKENS for name in names)
        given = shortened_together(wanted, room)
        lines = [
            f"{short}: {name}: {one_line(description)}"
            for short, name, description in zip(ids, names, given, strict=True)
        ]
        categories = fenced("\n".join(lines), "categories")
        return self._plan.prompt.system({"categories": categories, "none_id": NONE_ID}), ids

    async def _batch(
        self, system: str, ids: Mapping[str, str], texts: Sequence[_Text]
    ) -> dict[_Text, ClassifiedError]:
        """What is known of each text; what the reply leaves out or misnames is asked once more."""
        found = await self._asked(system, ids, texts)
        if left := [text for text in texts if text not in found]:
            found |= await self._asked(system, ids, left) if len(left) < len(texts) else {}
        return found

    async def _asked(
        self, system: str, ids: Mapping[str, str], texts: Sequence[_Text]
    ) -> dict[_Text, ClassifiedError]:
        answer = await self._ask(self._plan, system, self._case(texts))
        if not isinstance(answer.reply, ClassificationReply):
            return {}
        allowed = {*ids, NONE_ID}
        return {
            texts[reply.error_number - 1]: reply
            for reply in answer.reply.classifications
            if 1 <= reply.error_number <= len(texts) and reply.category_id in allowed
        }

    def _case(self, texts: Sequence[_Text]) -> str:
        """The part of the prompt with the errors, numbered from 1."""
        lines = [f"[{number}] {_error_line(text)}" for number, text in enumerate(texts, start=1)]
        return self._plan.prompt.case({"errors": fenced("\n".join(lines), "errors")})


def _error_line(text: _Text) -> str:
    title, summary = text
    return f"{shortened_line(title, _TITLE_TOKENS)}: {shortened_line(summary, _SUMMARY_TOKENS)}"


def _text_key(text: _Text) -> str:
    return content_id(*text)


def stable_batches(
    texts: Sequence[_Text], most: int, most_tokens: int | None = None
) -> list[list[_Text]]:
    """Texts in batches of at most ``most`` that hardly change when texts are added.

    Texts are divided by the digits of their hashes until each part is small enough, so that a text
    that is added changes the batch that it falls into and no other: the rest is not asked again.

    Args:
        texts: titles and summaries, each pair once.
        most: texts of a batch, at least 1.
        most_tokens: of their lines together; one text is a batch however long it is. None for any
            number.
    """

    def is_small(part: _Keyed) -> bool:
        if most_tokens is None or len(part) <= 1:
            return len(part) <= most
        lengths = (tokens_at_most(_error_line(text)) + _LINE_TOKENS for _, text in part)
        return len(part) <= most and sum(lengths) <= most_tokens

    return _divided([(_text_key(text), text) for text in texts], is_small, 0)


def _divided(keyed: _Keyed, is_small: Callable[[_Keyed], bool], place: int) -> list[list[_Text]]:
    if is_small(keyed):
        return [[text for _, text in sorted(keyed)]] if keyed else []
    # One bit at a time: halves, not sixteenths, so that batches stay well filled.
    parts: tuple[list[tuple[str, _Text]], list[tuple[str, _Text]]] = ([], [])
    for key, text in keyed:
        parts[int(key[place // 4], 16) >> (3 - place % 4) & 1].append((key, text))
    return [batch for part in parts for batch in _divided(part, is_small, place + 1)]


def _classification(
    error: JudgedError, reply: ClassifiedError, ids: Mapping[str, str]
) -> Classification:
    runner_up = reply.runner_up_category_id
    return Classification(
        prediction_id=error.prediction_id,
        category_id=ids.get(reply.category_id),
        confidence=reply.confidence,
        runner_up_category_id=ids.get(runner_up)
        if runner_up and runner_up != reply.category_id
        else None,
        reason=reply.reason or "the judge says that no category fits",
    )
