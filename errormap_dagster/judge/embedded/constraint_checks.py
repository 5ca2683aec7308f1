"""What a check of one constraint on an output says, and the checks of words, letters and length.

The rules follow IFEval (Zhou et al. 2023, arXiv:2311.07911). Checks of layout stand in
``constraint_layout``, those of language in ``constraint_language``.
"""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, cast

LENGTH_MISSED: Final = "Length limit missed"
KEYWORD_MISSING: Final = "Required keyword missing"
KEYWORD_COUNT: Final = "Keyword count missed"
LETTER_COUNT: Final = "Letter count missed"
FORBIDDEN_WORD: Final = "Forbidden word used"
WRONG_CASE: Final = "Wrong letter case"
CAPITAL_COUNT: Final = "Capital word count missed"
PUNCTUATION: Final = "Punctuation rule broken"

_SENTENCE_SLACK: Final = 0.12
_WORD: Final = re.compile(r"\w+")
_TOKEN: Final = re.compile(r"[^\s()\[\]{}<>,;:!?\"“”*_`]+")
_SENTENCE_END: Final = re.compile(r"[.!?。！？]+[\"'”’)\]*]*(?=\s|$)")
_ABBREVIATION: Final = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|vs|etc|e\.g|i\.e|[A-Z]|\d+)\.$")


class Span(NamedTuple):
    """A place in the output, as character offsets."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """A constraint that a check understands: its kind, as IFEval names it, and its numbers."""

    kind: str
    parameters: Mapping[str, object]

    def number(self, name: str) -> int | None:
        """Return a whole number among the parameters."""
        value = self.parameters.get(name)
        return int(value) if isinstance(value, (int, float)) else None

    def text(self, name: str) -> str:
        """Return a text among the parameters, "" if it is not there."""
        value = self.parameters.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts among the parameters."""
        value = self.parameters.get(name)
        if not isinstance(value, list):
            return ()
        return tuple(item for item in cast("list[object]", value) if isinstance(item, str))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a check found.

    ``kept`` is None where the check cannot tell. ``title`` names the error if it is not kept.
    ``span`` is the place in the output that shows it, None if nothing shows it.
    """

    title: str
    asked: str
    measured: str
    kept: bool | None
    span: Span | None = None


def compare(relation: str, has: int, needs: int) -> bool:
    """Whether ``has`` keeps a bound: "at least", "less than", "at most" or else exactly."""
    if relation == "at least":
        return has >= needs
    if relation == "less than":
        return has < needs
    if relation == "at most":
        return has <= needs
    return has == needs


def check_keywords(output: str, instruction: Instruction) -> Reading:
    """Every keyword stands in the output, in any case."""
    keywords = instruction.texts("keywords")
    folded = output.lower()
    lacking = [word for word in keywords if word.lower() not in folded]
    asked = "contain " + ", ".join(f'"{word}"' for word in keywords)
    if lacking:
        measured = "never says " + ", ".join(f'"{word}"' for word in lacking)
        return Reading(KEYWORD_MISSING, asked, measured, kept=False)
    if not keywords:
        return Reading(KEYWORD_MISSING, asked, "cannot be checked: no keyword is named", kept=None)
    span = _find(folded, keywords[0].lower())
    return Reading(KEYWORD_MISSING, asked, "has all of them", kept=True, span=span)


def check_keyword_frequency(output: str, instruction: Instruction) -> Reading:
    """A keyword occurs as often as asked, in any case, also inside words."""
    word, needs = instruction.text("keyword"), instruction.number("frequency")
    relation = instruction.text("relation")
    asked = f'use "{word}" {relation} {needs} times'
    if not word or needs is None:
        return Reading(KEYWORD_COUNT, asked, "cannot be checked: no number is stated", kept=None)
    has = output.lower().count(word.lower())
    span = _find(output.lower(), word.lower())
    kept = compare(relation, has, needs)
    return Reading(KEYWORD_COUNT, asked, f"has it {has} times", kept=kept, span=span)


def check_forbidden_words(output: str, instruction: Instruction) -> Reading:
    """No forbidden word stands in the output as a word of its own, in any case."""
    words = instruction.texts("forbidden_words")
    asked = "avoid " + ", ".join(f'"{word}"' for word in words)
    matches = [
        match
        for word in words
        if (match := re.search(rf"\b{re.escape(word)}\b", output, re.IGNORECASE))
    ]
    if matches:
        first = min(matches, key=lambda match: match.start())
        measured = f'says "{first.group()}"'
        return Reading(FORBIDDEN_WORD, asked, measured, kept=False, span=Span(*first.span()))
    kept = True if words else None
    return Reading(FORBIDDEN_WORD, asked, "has none of them", kept=kept)


def check_letter_frequency(output: str, instruction: Instruction) -> Reading:
    """A letter occurs as often as asked, in any case."""
    letter, needs = instruction.text("letter"), instruction.number("let_frequency")
    relation = instruction.text("let_relation")
    asked = f'use the letter "{letter}" {relation} {needs} times'
    if len(letter) != 1 or needs is None:
        return Reading(LETTER_COUNT, asked, "cannot be checked: no number is stated", kept=None)
    has = output.lower().count(letter.lower())
    span = _find(output.lower(), letter.lower())
    kept = compare(relation, has, needs)
    return Reading(LETTER_COUNT, asked, f"has it {has} times", kept=kept, span=span)


def check_uppercase(output: str, _instruction: Instruction) -> Reading:
    """All letters are capitals."""
    asked = "write in capital letters only"
    wrong = next((at for at, sign in enumerate(output) if sign.islower()), None)
    return _case_reading(output, asked, wrong, "a small letter")


def check_lowercase(output: str, _instruction: Instruction) -> Reading:
    """No letter is a capital."""
    asked = "write in lowercase letters only"
    wrong = next((at for at, sign in enumerate(output) if sign.isupper()), None)
    return _case_reading(output, asked, wrong, "a capital letter")


def _case_reading(output: str, asked: str, wrong: int | None, what: str) -> Reading:
    if wrong is None:
        kept = True if any(sign.isalpha() for sign in output) else None
        return Reading(WRONG_CASE, asked, f"has no {what[2:]}", kept=kept)
    match = _WORD.match(output, wrong)
    word = output[wrong : match.end() if match else wrong + 1]
    measured = f'has {what} in "{word[:40]}"'
    return Reading(WRONG_CASE, asked, measured, kept=False, span=Span(wrong, wrong + len(word)))


def check_capital_words(output: str, instruction: Instruction) -> Reading:
    """Words in capitals occur as often as asked."""
    needs, relation = instruction.number("capital_frequency"), instruction.text("capital_relation")
    asked = f"have {relation} {needs} words in all capitals"
    if needs is None:
        return Reading(CAPITAL_COUNT, asked, "cannot be checked: no number is stated", kept=None)
    found = [match for match in _TOKEN.finditer(output) if match.group().isupper()]
    span = Span(*found[0].span()) if found else None
    kept = compare(relation, len(found), needs)
    return Reading(CAPITAL_COUNT, asked, f"has {len(found)}", kept=kept, span=span)


def check_words(output: str, instruction: Instruction) -> Reading:
    """The number of words keeps its bound."""
    needs, relation = instruction.number("num_words"), instruction.text("relation")
    asked = f"have {relation} {needs} words"
    if needs is None:
        return Reading(LENGTH_MISSED, asked, "cannot be checked: no number is stated", kept=None)
    has = sum(1 for _ in _WORD.finditer(output))
    kept = compare(relation, has, needs)
    return Reading(LENGTH_MISSED, asked, f"has {has} words", kept=kept, span=_ending(output))


def count_sentences(output: str) -> int:
    """Count sentences: runs of text that end in a full stop, a question or exclamation mark."""
    count, start = 0, 0
    for match in _SENTENCE_END.finditer(output):
        if _ABBREVIATION.search(output, max(start, match.start() - 8), match.end()):
            continue
        count += 1
        start = match.end()
    return count + bool(output[start:].strip(string.whitespace + string.punctuation))


def check_sentences(output: str, instruction: Instruction) -> Reading:
    """The number of sentences keeps its bound; near the bound this cannot be told."""
    needs, relation = instruction.number("num_sentences"), instruction.text("relation")
    asked = f"have {relation} {needs} sentences"
    if needs is None:
        return Reading(LENGTH_MISSED, asked, "cannot be checked: no number is stated", kept=None)
    has = count_sentences(output)
    kept: bool | None = compare(relation, has, needs)
    if abs(has - needs) <= max(_SENTENCE_SLACK * needs, 1 if kept else 0):
        kept = None
    return Reading(LENGTH_MISSED, asked, f"has {has} sentences", kept=kept, span=_ending(output))


def check_no_comma(output: str, _instruction: Instruction) -> Reading:
    """No comma stands in the output."""
    at, asked = output.find(","), "use no comma"
    if at == -1:
        return Reading(PUNCTUATION, asked, "has none", kept=True)
    measured = f"has {output.count(',')}"
    return Reading(PUNCTUATION, asked, measured, kept=False, span=Span(at, at + 1))


def _find(text: str, part: str) -> Span | None:
    at = text.find(part)
    return None if at == -1 else Span(at, at + len(part))


def _ending(output: str) -> Span | None:
    end = len(output.rstrip())
    return Span(max(0, end - 1), end) if end else None
