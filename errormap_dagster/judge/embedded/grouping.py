"""Texts that belong together by the words they share, and words that tell groups apart.

Everything is decided by the texts: their order does not matter. Of many texts a number is
compared pair by pair, and each of the others joins the group that it is most like.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.feature_extraction.text import TfidfVectorizer

MOST_COMPARED: Final = 400
"""Texts that are compared pair by pair."""
_WORDS: Final = r"(?u)\b[a-zA-Z][a-zA-Z'-]+\b"
_N_TELLING: Final = 10


def grouped(texts: Sequence[str], distance: float, most: int) -> list[int]:
    """The number of the group of each text, from 0 in the order in which groups begin.

    Args:
        texts: the first ``MOST_COMPARED`` are compared with each other.
        distance: groups that are further apart on average (cosine, 0 to 1) stay apart.
        most: groups at most.
    """
    if len(texts) < 2 or most == 1:  # noqa: PLR2004 - nothing to compare
        return [0] * len(texts)
    vectorizer = TfidfVectorizer(token_pattern=_WORDS, sublinear_tf=True)
    try:
        vectors = vectorizer.fit_transform(texts[:MOST_COMPARED]).toarray()
    except ValueError:  # no text has a word in it
        return [0] * len(texts)
    # Rounding keeps the last bits of different BLAS builds from deciding a tie.
    gaps = np.round(np.clip(1.0 - vectors @ vectors.T, 0.0, None), 9)
    tree = linkage(squareform(gaps, checks=False), method="average")
    places = fcluster(tree, distance, criterion="distance")
    if places.max() > most:
        places = fcluster(tree, most, criterion="maxclust")
    order: dict[int, int] = {}
    found = [order.setdefault(int(place), len(order)) for place in places]
    return found + _nearest(texts[MOST_COMPARED:], texts[:MOST_COMPARED], found)


def _nearest(texts: Sequence[str], compared: Sequence[str], groups: Sequence[int]) -> list[int]:
    """The group that each text is most like, by the words of all that is in the group."""
    if not texts:
        return []
    joined = [
        " ".join(text for text, group in zip(compared, groups, strict=True) if group == number)
        for number in range(max(groups) + 1)
    ]
    vectorizer = TfidfVectorizer(token_pattern=_WORDS, sublinear_tf=True)
    places = vectorizer.fit_transform(joined)
    likeness = np.round((vectorizer.transform(texts) @ places.T).toarray(), 9)
    return [int(place) for place in likeness.argmax(axis=1)]


def telling_words(texts: Sequence[str]) -> list[list[str]]:
    """For each text the words that the others lack or seldom use, the most telling first."""
    vectorizer = TfidfVectorizer(token_pattern=_WORDS, sublinear_tf=True, stop_words="english")
    try:
        weights = vectorizer.fit_transform(texts).toarray()
    except ValueError:
        return [[] for _ in texts]
    words = vectorizer.get_feature_names_out()
    return [
        [
            str(word)
            for weight, word in sorted(zip(np.round(-row, 9), words, strict=True))
            if weight
        ][:_N_TELLING]
        for row in weights
    ]
