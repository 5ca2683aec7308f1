"""Categories of one list that mean the same: found by names, descriptions and errors, and merged.

Two categories are synonyms when their names say the same apart from words such as "error", or
when several of the three likenesses agree; one alone can mislead. Likeness of errors is that of
the counts of their titles: where a judge files one title here and there, it cannot tell the two
apart. A word or a title weighs the less the more categories of the list have it.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from errormap_dagster.domain.growth import Draft, InductionStep, StepOperation
from errormap_dagster.domain.records import JudgedError

_WORD: Final = re.compile(r"\w+")
_SAYS_NOTHING: Final = frozenset(
    "a all an and are as at by for from in into is it of on or such that the this to with error"
    " fault incorrect issue kind mistake problem type wrong".split()
)
_ALL: Final = 0.95
_MUCH: Final = 0.6
_SOME: Final = 0.3
_STEM: Final = 7
"""Words are compared by this many letters: calculation is calculating."""


class Likeness(NamedTuple):
    """How alike two categories are, each from 0 to 1."""

    names: float
    descriptions: float
    errors: float

    @property
    def is_synonymy(self) -> bool:
        """Whether the two mean the same, by the rules of docs/methods.md."""
        names, descriptions, errors = self
        return (
            names >= _ALL
            or (names >= _MUCH and max(descriptions, errors) >= _MUCH)
            or (descriptions >= _MUCH and errors >= _MUCH)
            or (errors >= _ALL and max(names, descriptions) >= _SOME)
            or (descriptions >= _ALL and max(names, errors) >= _SOME)
        )

    def __str__(self) -> str:
        """The three figures in words."""
        return (
            f"likeness of names {self.names:.2f}, of descriptions {self.descriptions:.2f}, of "
            f"errors {self.errors:.2f}"
        )


def merged_synonyms(
    drafts: Sequence[Draft], members: Sequence[Sequence[JudgedError]]
) -> tuple[list[Draft], list[list[JudgedError]], list[InductionStep]]:
    """The list with its synonyms merged, the errors of each category, and a step per merger.

    The category with more errors keeps its name and description; of equals, the first.

    Args:
        drafts: a list of categories.
        members: the errors of each, in the same order.
    """
    kept, errors = list(drafts), [list(own) for own in members]
    steps: list[InductionStep] = []
    while (pair := _nearest_synonyms(kept, errors)) is not None:
        one, other, likeness = pair
        stays, goes = (one, other) if len(errors[one]) >= len(errors[other]) else (other, one)
        reason = f"{kept[goes].name!r} means the same as {kept[stays].name!r}: {likeness}"
        base_ids = tuple(dict.fromkeys((*kept[stays].base_ids, *kept[goes].base_ids)))
        own = kept[stays]
        kept[stays] = Draft(own.name, own.description, base_ids, reason)
        errors[stays] = sorted(errors[stays] + errors[goes], key=lambda e: e.prediction_id)
        del kept[goes], errors[goes]
        n_errors = sum(map(len, errors))
        n_titles = len({error.error_title for own in errors for error in own})
        listed = tuple((draft.name, draft.description) for draft in kept)
        steps.append(
            InductionStep(
                number=0,
                operation=StepOperation.MERGE_SYNONYMS,
                parent_category_id=None,
                n_titles=n_titles,
                n_errors=n_errors,
                categories=listed,
                is_changed=True,
                reason=reason,
            )
        )
    return kept, errors, steps


def likenesses(
    drafts: Sequence[Draft], members: Sequence[Sequence[JudgedError]]
) -> dict[tuple[int, int], Likeness]:
    """How alike each two categories of a list are, by their places, the earlier one first."""
    names = _weighted([_words(draft.name) for draft in drafts], rest=1)
    descriptions = _weighted([_words(draft.description) for draft in drafts], rest=1)
    # A title that every category has tells nothing at all.
    titles = _weighted([Counter(error.error_title for error in own) for own in members], rest=0)
    return {
        (one, other): Likeness(
            _cosine(names[one], names[other]),
            _cosine(descriptions[one], descriptions[other]),
            _cosine(titles[one], titles[other]),
        )
        for one in range(len(drafts))
        for other in range(one + 1, len(drafts))
    }


def _nearest_synonyms(
    drafts: Sequence[Draft], members: Sequence[Sequence[JudgedError]]
) -> tuple[int, int, Likeness] | None:
    synonyms = [
        (*pair, likeness)
        for pair, likeness in likenesses(drafts, members).items()
        if likeness.is_synonymy
    ]
    return max(synonyms, key=lambda found: (sum(found[2]), -found[0], -found[1]), default=None)


def _weighted(counted: Sequence[Mapping[str, int]], rest: int) -> list[dict[str, float]]:
    """Counts of words or titles of each category, weighted by how few categories have them."""
    n_with = Counter(key for counts in counted for key in counts)
    n = len(counted) + rest
    return [
        {key: count * math.log(n / n_with[key]) for key, count in counts.items()}
        for counts in counted
    ]


def _words(text: str) -> Counter[str]:
    """The telling words of a text by their stems."""
    words = (word.casefold().removesuffix("s") for word in _WORD.findall(text))
    return Counter(word[:_STEM] for word in words if word not in _SAYS_NOTHING)


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    product = sum(weight * other.get(key, 0.0) for key, weight in one.items())
    sizes = math.hypot(*one.values()) * math.hypot(*other.values())
    return min(1.0, product / sizes) if sizes else 0.0
