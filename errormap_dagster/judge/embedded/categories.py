"""Grows a taxonomy from judged errors by the words of their titles and summaries.

Three levels: kinds of titles, the titles themselves, and for titles with many errors the ways in
which they show. Everything is decided by content and counts: the order of the errors does not
matter, and the limits' seed only breaks ties of a draw when there are too many errors to compare.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.feature_extraction.text import TfidfVectorizer

from errormap_dagster.domain.growth import Growth
from errormap_dagster.domain.identity import content_id, hash_fraction
from errormap_dagster.domain.records import Category, JudgedError
from errormap_dagster.judge.interface import TaxonomyLimits

ID_PREFIX: Final = "induced."
ORIGIN: Final = "induced"
_SHARE_OF_ERRORS: Final = 0.1
"""At most this share of the errors becomes categories of one level, as in the reference code."""
_TITLE_DISTANCE: Final = 0.75
_SUMMARY_DISTANCE: Final = 0.8
_COMPARED: Final = 400
"""Errors of one title that are compared pair by pair; more are drawn from."""
_LONGEST_EXAMPLE: Final = 300
_WORDS: Final = r"(?u)\b[a-zA-Z][a-zA-Z'-]+\b"


@dataclass(frozen=True, slots=True)
class _Group:
    """Errors that belong together; ``name`` is unique among its siblings."""

    name: str
    errors: tuple[JudgedError, ...]


def grow_categories(
    errors: Sequence[JudgedError], limits: TaxonomyLimits, base: Sequence[Category] = ()
) -> Growth:
    """A tree of categories.

    Args:
        errors: with titles; at least one.
        limits: on depth, breadth and the length of names and descriptions.
        base: the categories to build on; one that comes again at its place keeps its id.
    """
    ordered = sorted(errors, key=lambda error: error.prediction_id)
    known = {(c.parent_category_id, c.name): c.category_id for c in base}
    return Growth(tuple(_level(ordered, None, 1, limits, known)))


_Known = Mapping[tuple[str | None, str], str]


def _level(
    errors: Sequence[JudgedError],
    parent: str | None,
    depth: int,
    limits: TaxonomyLimits,
    known: _Known,
) -> list[Category]:
    groups = _split(errors, depth, limits)
    if parent is not None and len(groups) < 2:  # noqa: PLR2004 - one child would repeat its parent
        return []
    categories: list[Category] = []
    for index, group in enumerate(groups):
        category = _category(group, groups[index - 1], parent, depth, limits)
        if kept := known.get((parent, group.name)):
            category = replace(category, category_id=kept)
        categories.append(category)
        if depth < limits.max_depth and len(group.errors) >= limits.min_errors_to_split:
            categories += _level(group.errors, category.category_id, depth + 1, limits, known)
    return categories


def _most(n_errors: int, limits: TaxonomyLimits) -> int:
    return max(1, min(limits.max_categories_per_level, math.ceil(_SHARE_OF_ERRORS * n_errors)))


def _split(errors: Sequence[JudgedError], depth: int, limits: TaxonomyLimits) -> list[_Group]:
    """Groups from the largest down; a single one where nothing tells the errors apart."""
    by_title: dict[str, list[JudgedError]] = defaultdict(list)
    for error in errors:
        by_title[error.error_title].append(error)
    most = _most(len(errors), limits)
    if len(by_title) > 1:
        parts = _by_kind_of_title(by_title, most, merges=depth == 1)
    else:
        parts = _by_summary(errors, most, limits.seed)
    named = _named(parts, by_title, limits.max_name_words)
    return sorted(named, key=lambda group: (-len(group.errors), group.name))


def _by_kind_of_title(
    by_title: dict[str, list[JudgedError]], most: int, *, merges: bool
) -> list[list[JudgedError]]:
    titles = sorted(by_title)
    if not merges and len(titles) <= most:
        return [by_title[title] for title in titles]
    texts = [f"{title} {title} {by_title[title][0].error_summary}" for title in titles]
    places = _grouped(texts, _TITLE_DISTANCE, most)
    return [
        [
            error
            for title, place in zip(titles, places, strict=True)
            if place == number
            for error in by_title[title]
        ]
        for number in range(max(places) + 1)
    ]


def _by_summary(errors: Sequence[JudgedError], most: int, seed: int) -> list[list[JudgedError]]:
    """Ways in which one title shows; errors that were not compared join the nearest way."""
    drawn = sorted(errors, key=lambda error: hash_fraction(seed, error.prediction_id))[:_COMPARED]
    if most == 1:
        return [list(errors)]
    places = _grouped([error.error_summary for error in drawn], _SUMMARY_DISTANCE, most)
    ways = [
        [error for error, place in zip(drawn, places, strict=True) if place == number]
        for number in range(max(places) + 1)
    ]
    if len(drawn) == len(errors):
        return ways
    return _joined(ways, [error for error in errors if error not in set(drawn)])


def _joined(ways: list[list[JudgedError]], rest: Sequence[JudgedError]) -> list[list[JudgedError]]:
    texts = [" ".join(error.error_summary for error in way) for way in ways]
    vectorizer = TfidfVectorizer(token_pattern=_WORDS, sublinear_tf=True)
    places = vectorizer.fit_transform(texts)
    likeness = vectorizer.transform([error.error_summary for error in rest]) @ places.T
    nearest = np.asarray(likeness.toarray()).argmax(axis=1)
    for error, place in zip(rest, nearest, strict=True):
        ways[int(place)].append(error)
    return ways


def _grouped(texts: Sequence[str], distance: float, most: int) -> list[int]:
    """The number of the group of each text, from 0, by words in common."""
    if len(texts) < 2 or most == 1:  # noqa: PLR2004 - nothing to compare
        return [0] * len(texts)
    vectorizer = TfidfVectorizer(token_pattern=_WORDS, sublinear_tf=True)
    try:
        vectors = vectorizer.fit_transform(texts).toarray()
    except ValueError:  # no text has a word in it
        return [0] * len(texts)
    # Rounding keeps the last bits of different BLAS builds from deciding a tie.
    gaps = np.round(np.clip(1.0 - vectors @ vectors.T, 0.0, None), 9)
    tree = linkage(squareform(gaps, checks=False), method="average")
    places = fcluster(tree, distance, criterion="distance")
    if places.max() > most:
        places = fcluster(tree, most, criterion="maxclust")
    order: dict[int, int] = {}
    return [order.setdefault(int(place), len(order)) for place in places]


def _named(
    parts: Sequence[Sequence[JudgedError]], by_title: dict[str, list[JudgedError]], max_words: int
) -> list[_Group]:
    taken: set[str] = set()
    groups: list[_Group] = []
    for part in sorted(parts, key=lambda part: (-len(part), part[0].prediction_id)):
        name = next(name for name in _names(part, parts, by_title, max_words) if name not in taken)
        taken.add(name)
        groups.append(_Group(name, tuple(part)))
    return groups


def _names(
    part: Sequence[JudgedError],
    parts: Sequence[Sequence[JudgedError]],
    by_title: dict[str, list[JudgedError]],
    max_words: int,
) -> Iterable[str]:
    """Names for a group, best first, endlessly."""
    titles = sorted({error.error_title for error in part}, key=lambda t: (-len(by_title[t]), t))
    if len(by_title) > 1 or len(parts) == 1:
        yield _shortened(titles[0], max_words)
    for word in _telling_words(part, parts):
        yield f"{_shortened(titles[0], max_words - 1)}: {word}"
    number = 2
    while True:
        yield f"{_shortened(titles[0], max_words - 1)} {number}"
        number += 1


def _shortened(text: str, max_words: int) -> str:
    return " ".join(text.split()[:max_words])


def _telling_words(
    part: Sequence[JudgedError], parts: Sequence[Sequence[JudgedError]]
) -> list[str]:
    """Words of a group's summaries that other groups lack, the most telling first."""
    texts = [" ".join(error.error_summary for error in other) for other in parts]
    vectorizer = TfidfVectorizer(token_pattern=_WORDS, sublinear_tf=True, stop_words="english")
    try:
        weights = vectorizer.fit_transform(texts).toarray()
    except ValueError:
        return []
    row = weights[next(i for i, other in enumerate(parts) if other is part)]
    words = vectorizer.get_feature_names_out()
    ranked = sorted(zip(np.round(-row, 9), words, strict=True))
    return [str(word) for weight, word in ranked[:10] if weight < 0]


def _category(
    group: _Group, neighbour: _Group, parent: str | None, depth: int, limits: TaxonomyLimits
) -> Category:
    members = (error.prediction_id for error in group.errors)
    is_alone = neighbour is group
    return Category(
        category_id=f"{ID_PREFIX}{content_id(parent, depth, *members, length=12)}",
        parent_category_id=parent,
        depth=depth,
        name=group.name,
        description=_description(group, limits.max_description_words),
        example=_typical(group.errors),
        counter_example="There is no other category at this place."
        if is_alone
        else f"Belongs in {neighbour.name}: {_typical(neighbour.errors)}",
        priority=1,
        origin=ORIGIN,
    )


def _description(group: _Group, max_words: int) -> str:
    counts: dict[str, int] = defaultdict(int)
    for error in group.errors:
        counts[error.error_title] += 1
    titles = sorted(counts, key=lambda title: (-counts[title], title))
    told = f"Errors such as {', '.join(titles)}."
    words = told.split()
    return told if len(words) <= max_words else " ".join(words[:max_words]).rstrip(",") + " ..."


def _typical(errors: Sequence[JudgedError]) -> str:
    """The shortest summary of the most frequent title: the least burdened with particulars."""
    counts: dict[str, int] = defaultdict(int)
    for error in errors:
        counts[error.error_title] += 1
    title = min(counts, key=lambda name: (-counts[name], name))
    summaries = (error.error_summary for error in errors if error.error_title == title)
    return min(summaries, key=lambda text: (len(text), text))[:_LONGEST_EXAMPLE]
