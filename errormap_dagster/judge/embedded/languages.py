"""Tells in which language a text is written, from its script and its most common words."""

import re
from functools import lru_cache
from typing import Final

_READ: Final = 3_000
_FEWEST_LETTERS: Final = 60
_FEWEST_WORDS: Final = 12
_CLEAR_SHARE: Final = 0.12
"""Running text of the languages below has a quarter to a half of its words among these."""
_CLEAR_LEAD: Final = 1.3
_FEWEST_DISTINCT: Final = 5
"""Variables of a formula may look like one word of a language, but not like five."""

_COMMON: Final = {
    "English": "the and of to in is that it for on with as was are this be by you not have from",
    "Spanish": "el la de que y en los se del las por un una con es para su al lo como más pero",
    "French": "le la les des et est une dans que qui pour pas sur au avec ce il sont du vous nous",
    "German": "der die das und ist nicht ein eine zu den von mit sich auf für dem des wir sie es",
    "Italian": "il di che la è per un una del della sono con non si gli le nel alla anche più",
    "Portuguese": "o de que e do da em um para com não uma os no se na por mais as dos como ao",
    "Dutch": "de het een en van is dat niet op te zijn voor met die aan er om hij bij ook",
    "Swedish": "och att det som en på är av för med den till inte har de ett om hon vi jag",
}
_SCRIPTS: Final = {
    "Chinese or Japanese": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]"),
    "Korean": re.compile(r"[\uac00-\ud7af]"),
    "a language in Cyrillic script": re.compile(r"[\u0400-\u04ff]"),
    "a language in Arabic script": re.compile(r"[\u0600-\u06ff]"),
    "a language in Devanagari script": re.compile(r"[\u0900-\u097f]"),
    "Thai": re.compile(r"[\u0e00-\u0e7f]"),
    "Greek": re.compile(r"[\u0370-\u03ff]"),
    "Hebrew": re.compile(r"[\u0590-\u05ff]"),
}
_WORDS: Final = re.compile(r"[^\W\d_]{2,}")
_COMMON_SETS: Final = {name: frozenset(words.split()) for name, words in _COMMON.items()}
_NAMED: Final = re.compile(
    r"\b(?:language|translat\w*|in (?:english|spanish|french|german|italian|portuguese|dutch|"
    r"swedish|chinese|japanese|korean|russian|arabic|hindi|thai|greek|hebrew"
    r"|\w+ (?:only|script)))\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=64)
def main_language(text: str) -> str | None:
    """The language of most of a text's first 3,000 characters, None where it is not clear."""
    head = text[:_READ]
    n_letters = sum(1 for sign in head if sign.isalpha())
    if n_letters < _FEWEST_LETTERS:
        return None
    for name, script in _SCRIPTS.items():
        if len(script.findall(head)) > n_letters / 2:
            return name
    words = [word.casefold() for word in _WORDS.findall(head)]
    if len(words) < _FEWEST_WORDS:
        return None
    found = set(words)
    shares = sorted(
        (
            (sum(word in common for word in words) / len(words), name)
            for name, common in _COMMON_SETS.items()
            if len(found & common) >= _FEWEST_DISTINCT
        ),
        reverse=True,
    )
    (best, name), (second, _) = [*shares, (0.0, ""), (0.0, "")][:2]
    return name if best >= _CLEAR_SHARE and best >= _CLEAR_LEAD * second else None


def names_a_language(text: str) -> bool:
    """Whether a prompt speaks of a language, so that another one may be what it asks for."""
    return _NAMED.search(text[:_READ]) is not None
