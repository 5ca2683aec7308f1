"""What a prompt about a list of categories tells, within the tokens that a prompt may have."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from errormap_dagster.domain.growth import Draft
from errormap_dagster.judge.llm.replies import CategoryListReply
from errormap_dagster.judge.llm.texts import (
    fenced,
    one_line,
    shortened,
    shortened_line,
    shortened_together,
    tokens_at_most,
)

_SHARE_OF_TITLES: Final = 0.25
_SHARE_OF_CATEGORIES: Final = 0.2
_SHARE_OF_FAULTS: Final = 0.05
"""Of a prompt, at most; a list is told twice when it is sent back, and the rest is for the
prompt's own words and the form of the reply."""
_TITLE_TOKENS: Final = 60
_NAME_TOKENS: Final = 20
_PARENT_TOKENS: Final = 150
_LINE_TOKENS: Final = 6
"""What a line has besides its texts: an id, and what stands between."""


class ListPrompt:
    """The material of prompts that may have so many tokens, texts of others shortened and fenced.

    Args:
        prompt_tokens: of a whole prompt, the form of the reply included.
        counts: how many errors have each title.
    """

    def __init__(self, prompt_tokens: int, counts: Mapping[str, int]) -> None:
        self._prompt_tokens = prompt_tokens
        self._counts = counts

    def batches(self, titles: Sequence[str], most_titles: int) -> deque[list[str]]:
        """Titles, as many in one batch as the settings and the prompt allow; none is left out."""
        room = self._room(_SHARE_OF_TITLES)
        batches: deque[list[str]] = deque()
        left = 0
        for title in titles:
            needed = tokens_at_most(self._line(title)) + 1
            if not batches or len(batches[-1]) >= most_titles or needed > left:
                batches.append([])
                left = room
            batches[-1].append(title)
            left -= needed
        return batches

    def titles(self, titles: Sequence[str]) -> str:
        """A line for each title with the number of its errors."""
        return fenced("\n".join(map(self._line, titles)), "titles")

    def categories(self, drafts: Sequence[Draft]) -> str:
        """A line with a short id for each category of the list so far."""
        lines = self._described([(draft.name, draft.description) for draft in drafts])
        numbered = (f"C{number}: {line}" for number, line in enumerate(lines, start=1))
        return fenced("\n".join(numbered), "categories")

    def parent(self, parent: Draft | None) -> str:
        """The category that the list divides; empty at the top of the tree."""
        if parent is None:
            return ""
        return fenced(shortened(f"{parent.name}: {parent.description}", _PARENT_TOKENS), "parent")

    def answered(self, reply: CategoryListReply) -> str:
        """A list of the judge that is sent back to it."""
        lines = self._described([(item.name, item.description) for item in reply.categories])
        return fenced("\n".join(lines), "list")

    def faults(self, faults: Sequence[str]) -> str:
        """Why a list is sent back."""
        return fenced(shortened("\n".join(faults), self._room(_SHARE_OF_FAULTS)), "faults")

    def _line(self, title: str) -> str:
        return f"{self._counts[title]}: {shortened_line(title, _TITLE_TOKENS)}"

    def _described(self, categories: Sequence[tuple[str, str]]) -> list[str]:
        """Names, and descriptions shortened to what the prompt has room for."""
        names = [shortened_line(name, _NAME_TOKENS) for name, _ in categories]
        room = self._room(_SHARE_OF_CATEGORIES)
        room -= sum(tokens_at_most(name) + _LINE_TOKENS for name in names)
        texts = shortened_together([description for _, description in categories], room)
        return [f"{name}: {one_line(text)}" for name, text in zip(names, texts, strict=True)]

    def _room(self, share: float) -> int:
        return int(share * self._prompt_tokens)
