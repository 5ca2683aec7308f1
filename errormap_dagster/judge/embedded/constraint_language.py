"""Tells whether a text is in an asked-for language, by its script and its most common words.

A rough test on purpose: where script and common words leave a doubt, it says that it cannot tell.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import Final

from errormap_dagster.judge.embedded.constraint_checks import Instruction, Reading, Span

WRONG_LANGUAGE: Final = "Wrong output language"

_READ: Final = 4_000
_CLEAR: Final = 0.7
_FEW_WORDS: Final = 8
_RATE: Final = 0.12
_WORD: Final = re.compile(r"[^\W\d_]+")
_SCRIPTS: Final[Mapping[str, str]] = {
    "ar": "ARABIC",
    "bg": "CYRILLIC",
    "bn": "BENGALI",
    "el": "GREEK",
    "fa": "ARABIC",
    "gu": "GUJARATI",
    "he": "HEBREW",
    "hi": "DEVANAGARI",
    "ja": "HIRAGANA",
    "kn": "KANNADA",
    "ko": "HANGUL",
    "ml": "MALAYALAM",
    "mr": "DEVANAGARI",
    "ne": "DEVANAGARI",
    "pa": "GURMUKHI",
    "ru": "CYRILLIC",
    "ta": "TAMIL",
    "te": "TELUGU",
    "th": "THAI",
    "uk": "CYRILLIC",
    "ur": "ARABIC",
    "zh": "CJK",
}
_SHARED: Final = frozenset({"ARABIC", "CYRILLIC", "DEVANAGARI"})
_COMMON: Final[Mapping[str, frozenset[str]]] = {
    "de": frozenset("der die das und ist nicht ein eine mit für auf den von zu sich ich".split()),
    "en": frozenset("the of and to in is that it for with as was are this you be on".split()),
    "es": frozenset("el la de que y en los las una por con para es se del un".split()),
    "fi": frozenset("ja on ei se että hän oli joka mutta ovat kuin tai myös niin".split()),
    "fr": frozenset("le la les des et est une dans pour que qui du pas sur un".split()),
    "it": frozenset("il la di che e un una per non sono del della con gli è".split()),
    "pt": frozenset("o a de que e do da em um uma para com não os as é".split()),
    "sw": frozenset("na ya wa kwa ni za katika la kuwa hii cha yake kama au".split()),
    "vi": frozenset("là và của có không một cho được trong với các này những".split()),
}
_NAMES: Final[Mapping[str, str]] = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "gu": "Gujarati",
    "hi": "Hindi",
    "it": "Italian",
    "kn": "Kannada",
    "ko": "Korean",
    "mr": "Marathi",
    "ne": "Nepali",
    "pa": "Punjabi",
    "pt": "Portuguese",
    "ru": "Russian",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "ur": "Urdu",
    "vi": "Vietnamese",
}


def check_language(output: str, instruction: Instruction) -> Reading:
    """The output is in the asked-for language."""
    code = instruction.text("language")
    asked = f"be in {_NAMES.get(code, code)}"
    text = output[:_READ]
    first = next((at for at, sign in enumerate(text) if sign.isalpha()), None)
    if first is None:
        return Reading(WRONG_LANGUAGE, asked, "has no letters", kept=None)
    span = Span(first, first + 1)
    script, share = _main_script(text)
    wanted = _SCRIPTS.get(code, "LATIN")
    measured = f"has {share:.0%} letters of the {script.title()} script"
    if share < _CLEAR:
        return Reading(WRONG_LANGUAGE, asked, measured, None, span)
    if script != wanted:
        return Reading(WRONG_LANGUAGE, asked, measured, kept=False, span=span)
    if wanted != "LATIN":
        return Reading(WRONG_LANGUAGE, asked, measured, None if wanted in _SHARED else True, span)
    return _by_words(text, code, asked, span)


def _main_script(text: str) -> tuple[str, float]:
    counts = Counter(_script(sign) for sign in text if sign.isalpha())
    script, count = max(counts.items(), key=lambda item: (item[1], item[0]))
    return script, count / counts.total()


def _script(sign: str) -> str:
    if sign.isascii():
        return "LATIN"
    name = unicodedata.name(sign, "UNKNOWN").split(" ", 1)[0]
    return "HIRAGANA" if name == "KATAKANA" else name


def _by_words(text: str, code: str, asked: str, span: Span) -> Reading:
    words = [match.group().lower() for match in _WORD.finditer(text)]
    rates = {
        language: sum(word in common for word in words) / len(words)
        for language, common in _COMMON.items()
    }
    best = max(sorted(rates), key=rates.__getitem__)
    measured = f"is in {_NAMES[best]} by {rates[best]:.0%} of its words"
    if len(words) < _FEW_WORDS or rates[best] < _RATE:
        return Reading(WRONG_LANGUAGE, asked, "has too few common words to tell", None, span)
    if best == code:
        return Reading(WRONG_LANGUAGE, asked, measured, kept=True, span=span)
    kept = False if rates[best] > 2 * rates.get(code, 1.0) else None
    return Reading(WRONG_LANGUAGE, asked, measured, kept, span)
