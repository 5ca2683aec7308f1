"""Spellings of model names that may be one model: suggested, never applied unasked."""

import difflib
import itertools
import re
from collections.abc import Iterable

_CLOSE = 0.9
"""Similarity, 0 to 1, from which two names with the same numbers are suggested."""
_SIGNS = re.compile(r"[^a-z0-9]+")


def likely_aliases(models: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of names that may be one model, sorted; the longer name of a pair comes first.

    Names count as alike when they agree but for signs, letter case or an organisation before
    them, or nearly agree and hold the same numbers: versions and sizes are never alike.
    """
    pairs = itertools.combinations(sorted(set(models)), 2)
    return [
        (max(pair, key=len), min(pair, key=len)) if len(pair[0]) != len(pair[1]) else pair
        for pair in pairs
        if _is_alike(*pair)
    ]


def _is_alike(one: str, other: str) -> bool:
    if _forms(one) & _forms(other):
        return True
    first, second = _squashed(one.rsplit("/", 1)[-1]), _squashed(other.rsplit("/", 1)[-1])
    same_numbers = re.findall(r"\d+", first) == re.findall(r"\d+", second)
    return same_numbers and difflib.SequenceMatcher(None, first, second).ratio() >= _CLOSE


def _forms(name: str) -> set[str]:
    return {_squashed(name), _squashed(name.rsplit("/", 1)[-1])}


def _squashed(name: str) -> str:
    return _SIGNS.sub("", name.lower())
