"""Grows a taxonomy from judged errors by the words of their titles and summaries.

Three levels: kinds of titles, the titles themselves, and for titles with many errors the ways in
which they show. Everything is decided by content and counts: the order of the errors does not
matter, and the limits' seed only decides which are compared when there are too many.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from errormap_dagster.domain.growth import (
    Branch,
    Draft,
    Growth,
    InductionStep,
    Level,
    StepOperation,
)
from errormap_dagster.domain.identity import hash_fraction
from errormap_dagster.domain.lineage import growth_of
from errormap_dagster.domain.records import Category, JudgedError
from errormap_dagster.domain.synonyms import merged_synonyms
from errormap_dagster.judge.embedded.continuation import BaseMembers
from errormap_dagster.judge.embedded.grouping import grouped, telling_words
from errormap_dagster.judge.interface import TaxonomyLimits

_SHARE_OF_ERRORS: Final = 0.1
"""At most this share of the errors becomes categories of one level, as in the reference code."""
_TITLE_DISTANCE: Final = 0.75
_SUMMARY_DISTANCE: Final = 0.8
_Titled = dict[str, list[JudgedError]]


def grow_categories(
    errors: Sequence[JudgedError], limits: TaxonomyLimits, base: Sequence[Category] = ()
) -> Growth:
    """A tree of categories.

    Args:
        errors: with titles; at least one.
        limits: on depth, breadth and the length of names and descriptions.
        base: the categories to build on; a group that shares most of its errors with one of them
            continues it under its name.
    """
    ordered = sorted(errors, key=lambda error: error.prediction_id)
    return growth_of(_Grower(limits, BaseMembers(ordered, base)).level(ordered, 1), base)


@dataclass(frozen=True, slots=True)
class _Grower:
    limits: TaxonomyLimits
    base: BaseMembers

    def level(self, errors: Sequence[JudgedError], depth: int) -> Level:
        """The categories at one place; none where nothing tells the errors apart."""
        by_title = _by_title(errors)
        parts = sorted(
            self._split(errors, by_title, depth), key=lambda p: (-len(p), p[0].prediction_id)
        )
        if depth > 1 and len(parts) < 2:  # noqa: PLR2004 - one child would repeat its parent
            return Level()
        drafts = self._drafts(parts, len(by_title), depth)
        step = self._step(drafts, len(by_title), len(errors))
        drafts, parts, merged = merged_synonyms(drafts, parts)
        if depth > 1 and len(parts) < 2:  # noqa: PLR2004 - as above
            return Level((), (step, *merged))
        branches = [
            Branch(draft, tuple(part), self._below(part, depth))
            for draft, part in zip(drafts, parts, strict=True)
        ]
        return Level(tuple(branches), (step, *merged))

    def _below(self, errors: Sequence[JudgedError], depth: int) -> Level:
        limits = self.limits
        if depth >= limits.max_depth or len(errors) < limits.min_errors_to_split:
            return Level()
        return self.level(errors, depth + 1)

    def _split(
        self, errors: Sequence[JudgedError], by_title: _Titled, depth: int
    ) -> list[list[JudgedError]]:
        share = math.ceil(_SHARE_OF_ERRORS * len(errors))
        most = max(1, min(self.limits.max_categories_per_level, share))
        seed = self.limits.seed
        if len(by_title) == 1:
            drawn = sorted(errors, key=lambda error: hash_fraction(seed, error.prediction_id))
            places = grouped([e.error_summary for e in drawn], _SUMMARY_DISTANCE, most)
            return _parts([[error] for error in drawn], places)
        if depth > 1 and len(by_title) <= most:
            return list(by_title.values())
        # Frequent titles are compared first, and so are always among those that decide.
        titles = sorted(by_title, key=lambda t: (-len(by_title[t]), hash_fraction(seed, t), t))
        texts = [f"{title} {title} {by_title[title][0].error_summary}" for title in titles]
        places = grouped(texts, _TITLE_DISTANCE, most)
        return _parts([by_title[title] for title in titles], places)

    def _drafts(self, parts: Sequence[list[JudgedError]], n_titles: int, depth: int) -> list[Draft]:
        continued = self.base.continued(parts, depth)
        heirs = Counter(base_id for ids in continued for base_id in ids)
        kept = [
            self.base.by_id[ids[0]] if len(ids) == 1 and heirs[ids[0]] == 1 else None
            for ids in continued
        ]
        taken = {category.name.casefold() for category in kept if category}
        words = telling_words([_words_of(part) for part in parts]) if len(parts) > 1 else [[]]
        drafts: list[Draft] = []
        for part, ids, category, telling in zip(parts, continued, kept, words, strict=True):
            if category is not None:
                drafts.append(Draft(category.name, category.description, ids))
                continue
            told = telling if n_titles == 1 else []
            names = self._names(part, telling, has_own_title=n_titles > 1 or len(parts) == 1)
            name = next(name for name in names if name.casefold() not in taken)
            taken.add(name.casefold())
            reason = f"{len(part)} errors whose words are alike, such as {_titles(part)[0]!r}"
            drafts.append(Draft(name, self._description(part, told), ids, reason))
        return drafts

    def _names(
        self, part: Sequence[JudgedError], words: Sequence[str], *, has_own_title: bool
    ) -> Iterator[str]:
        """Names for a group, best first, endlessly."""
        title = _titles(part)[0].split()
        most = self.limits.max_name_words
        if has_own_title:
            yield " ".join(title[:most])
        short = " ".join(title[: max(1, most - 1)])
        for word in words:
            yield f"{short}: {word}"
        number = 2
        while True:
            yield f"{short} {number}"
            number += 1

    def _description(self, part: Sequence[JudgedError], words: Sequence[str]) -> str:
        speak = f", with words such as {', '.join(words[:5])}" if words else ""
        told = f"Errors such as {', '.join(_titles(part))}{speak}."
        most = self.limits.max_description_words
        cut = told.split()
        return told if len(cut) <= most else " ".join(cut[:most]).rstrip(",") + " ..."

    def _step(self, drafts: Sequence[Draft], n_titles: int, n_errors: int) -> InductionStep:
        listed = tuple((draft.name, draft.description) for draft in drafts)
        operation = StepOperation.UPDATE if self.base.by_id else StepOperation.GENERATE
        is_changed = any(draft.reason for draft in drafts)
        reason = f"{n_titles} titles were grouped by their words into {len(drafts)} categories"
        return InductionStep(0, operation, None, n_titles, n_errors, listed, is_changed, reason)


def _by_title(errors: Sequence[JudgedError]) -> _Titled:
    found: _Titled = defaultdict(list)
    for error in errors:
        found[error.error_title].append(error)
    return {title: found[title] for title in sorted(found)}


def _parts(
    groups: Sequence[Sequence[JudgedError]], places: Sequence[int]
) -> list[list[JudgedError]]:
    """The errors of groups joined by place, each in order of prediction_id."""
    joined: list[list[JudgedError]] = [[] for _ in range(max(places) + 1)]
    for group, place in zip(groups, places, strict=True):
        joined[place] += group
    return [sorted(part, key=lambda error: error.prediction_id) for part in joined]


def _titles(part: Sequence[JudgedError]) -> list[str]:
    """The titles of a group, the most frequent first."""
    counts = Counter(error.error_title for error in part)
    return sorted(counts, key=lambda title: (-counts[title], title))


def _words_of(part: Sequence[JudgedError]) -> str:
    return " ".join(error.error_summary for error in part)
