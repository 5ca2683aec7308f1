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
    if {_squashed(one), _bare(one)} & {_squashed(other), _bare(other)}:
        return True
    same_numbers = re.findall(r"\d+", _bare(one)) == re.findall(r"\d+", _bare(other))
    ratio = difflib.SequenceMatcher(None, _bare(one), _bare(other)).ratio()
    return same_numbers and ratio >= _CLOSE


def _bare(name: str) -> str:
    """The name without an organisation, which folders write before a double underscore."""
    return _squashed(name.replace("__", "/").rsplit("/", 1)[-1])


def _squashed(name: str) -> str:
    return _SIGNS.sub("", name.lower())
