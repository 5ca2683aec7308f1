"""Puts an error into a category: by what its title is meant for, else by likeness of words.

Likeness is measured against the categories alone, so an error's place does not depend on which
other errors are classified with it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from errormap_dagster.domain.records import Category, Classification, JudgedError
from errormap_dagster.domain.taxonomy import leaves
from errormap_dagster.judge.embedded.registry import INTENDED_CATEGORY

_FLOOR: Final = 0.08
"""Below this cosine likeness two texts share hardly a word that tells anything."""
_WORDS: Final = r"(?u)\b[a-zA-Z][a-zA-Z'-]+\b"
_AT_ONCE: Final = 4_000
_INTENDED_CONFIDENCE: Final = 0.95


def classify_errors(
    errors: Sequence[JudgedError], categories: Sequence[Category]
) -> list[Classification]:
    """One answer per error, in their order; only categories without children are chosen."""
    choices = sorted(leaves(categories), key=lambda c: (c.priority, c.category_id))
    if not choices:
        return [_nothing(error, "there is no category to choose from") for error in errors]
    distinct = sorted({(error.error_title, error.error_summary) for error in errors})
    chosen = dict(zip(distinct, _choices(distinct, choices), strict=True)) if distinct else {}
    return [
        Classification(error.prediction_id, *chosen[error.error_title, error.error_summary])
        for error in errors
    ]


_Choice = tuple[str | None, float, str | None, str]


def _nothing(error: JudgedError, reason: str) -> Classification:
    return Classification(error.prediction_id, None, 0.0, None, reason)


def _choices(texts: Sequence[tuple[str, str]], choices: Sequence[Category]) -> list[_Choice]:
    vectorizer = TfidfVectorizer(token_pattern=_WORDS, sublinear_tf=True, stop_words="english")
    try:
        places = vectorizer.fit_transform([_text_of(leaf) for leaf in choices])
    except ValueError:  # no category has a word in it
        return [(None, 0.0, None, "no category's description has words to compare")] * len(texts)
    position = {leaf.category_id: index for index, leaf in enumerate(choices)}
    found: list[_Choice] = []
    for start in range(0, len(texts), _AT_ONCE):
        part = texts[start : start + _AT_ONCE]
        read = [f"{title} {title} {title} {summary}" for title, summary in part]
        likeness = np.round((vectorizer.transform(read) @ places.T).toarray(), 9)
        found += [
            _choice(title, row, choices, position)
            for (title, _), row in zip(part, likeness, strict=True)
        ]
    return found


def _text_of(leaf: Category) -> str:
    return f"{leaf.name} {leaf.name} {leaf.name} {leaf.description} {leaf.example}"


def _choice(
    title: str, row: np.ndarray, choices: Sequence[Category], position: Mapping[str, int]
) -> _Choice:
    # Leaves stand in order of priority and a stable sort keeps it between equals.
    order = np.argsort(-row, kind="stable")
    intended = position.get(INTENDED_CATEGORY.get(title, ""))
    best = int(order[0]) if intended is None else intended
    others = [int(index) for index in order[:2] if int(index) != best]
    runner_up = choices[others[0]].category_id if others and row[others[0]] > 0 else None
    if intended is not None:
        reason = "the title is one that the analyst uses for this category"
        return choices[best].category_id, _INTENDED_CONFIDENCE, runner_up, reason
    likeness = min(1.0, float(row[best]))
    if likeness < _FLOOR:
        told = f"no category is like it: the nearest reaches {likeness:.2f} of {_FLOOR}"
        return None, likeness, choices[best].category_id, told
    return choices[best].category_id, likeness, runner_up, "by likeness of words"
