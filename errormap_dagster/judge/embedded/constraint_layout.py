"""Checks of layout that a prompt asks for: counted parts, marks, openings and endings.

The rules follow IFEval (Zhou et al. 2023, arXiv:2311.07911).
"""

import json
import re
from typing import Final

from errormap_dagster.judge.embedded.constraint_checks import Instruction, Reading, Span, compare

STRUCTURE_MISSING: Final = "Required structure missing"
COUNT_MISSED: Final = "Counted element missed"
NOT_JSON: Final = "Output is not JSON"
QUOTATION: Final = "Quotation marks missing"
ENDING_MISSING: Final = "Required ending missing"
OPENING_MISSING: Final = "Required opening missing"
OUTSIDE_CHOICES: Final = "Answer outside given choices"

_CHOICES: Final = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
_SEPARATOR: Final = "******"
_PLACEHOLDER: Final = re.compile(r"\[[^\[\]\n]*\]")
_BOLD: Final = re.compile(r"\*\*[^\n*]+\*\*")
_STARRED: Final = re.compile(r"\*[^\n*]+\*")
_FENCE: Final = re.compile(r"^```(?:json)?|```$", re.IGNORECASE)
_POSTSCRIPTS: Final = {
    "P.P.S": re.compile(r"p\.\s?p\.\s?s", re.IGNORECASE),
    "P.S.": re.compile(r"p\.\s?s\.", re.IGNORECASE),
}
_FIRST_WORD: Final = re.compile(r"['\"]*([^\s.,?!'\"]*)")
_TWO: Final = 2


def _counted(asked: str, spans: list[Span], what: str, bound: tuple[str, int | None]) -> Reading:
    relation, needs = bound
    if needs is None:
        return Reading(COUNT_MISSED, asked, "cannot be checked: no number is stated", kept=None)
    title = COUNT_MISSED if spans else STRUCTURE_MISSING
    kept = compare(relation, len(spans), needs)
    span = spans[-1] if spans else None
    return Reading(title, asked, f"has {len(spans)} {what}", kept=kept, span=span)


def check_placeholders(output: str, instruction: Instruction) -> Reading:
    """At least so many placeholders in square brackets."""
    needs = instruction.number("num_placeholders")
    spans = [Span(*match.span()) for match in _PLACEHOLDER.finditer(output)]
    asked = f"have at least {needs} placeholders in square brackets"
    return _counted(asked, spans, "placeholders", ("at least", needs))


def check_bullets(output: str, instruction: Instruction) -> Reading:
    """Exactly so many lines that begin with a star or a hyphen."""
    needs = instruction.number("num_bullets")
    relation = instruction.text("relation") or "exactly"
    spans: list[Span] = []
    at = 0
    for line in output.split("\n"):
        text = line.strip()
        if text.startswith("-") or (text.startswith("*") and text[1:2] not in {"*", ""}):
            spans.append(Span(at, at + len(line)))
        at += len(line) + 1
    asked = f"have {relation} {needs} bullet points"
    return _counted(asked, spans, "bullet points", (relation, needs))


def check_highlights(output: str, instruction: Instruction) -> Reading:
    """At least so many parts between stars."""
    needs = instruction.number("num_highlights")
    found = [*_BOLD.finditer(output), *_STARRED.finditer(output)]
    spans = sorted({Span(*match.span()) for match in found if match.group().strip("* \t")})
    asked = f"highlight at least {needs} parts with *stars*"
    return _counted(asked, spans, "highlighted parts", ("at least", needs))


def check_sections(output: str, instruction: Instruction) -> Reading:
    """At least so many sections, each opened by the mark and a number."""
    needs, mark = instruction.number("num_sections"), instruction.text("section_spliter")
    pattern = re.compile(rf"{re.escape(mark)}\s?\d+")
    spans = [Span(*match.span()) for match in pattern.finditer(output)] if mark else []
    asked = f'have at least {needs} sections marked "{mark} 1", "{mark} 2" ...'
    return _counted(asked, spans, "such sections", ("at least", needs))


def check_starred_paragraphs(output: str, instruction: Instruction) -> Reading:
    """Exactly so many paragraphs, divided by three stars."""
    needs = instruction.number("num_paragraphs")
    asked = f"have exactly {needs} paragraphs divided by ***"
    if needs is None:
        return Reading(COUNT_MISSED, asked, "cannot be checked: no number is stated", kept=None)
    parts = re.split(r"\*\*\*", output)
    inner = parts[1:-1]
    has = sum(1 for part in parts if part.strip())
    title = COUNT_MISSED if len(parts) > 1 else STRUCTURE_MISSING
    at = output.find("***")
    kept = has == needs and all(part.strip() for part in inner)
    measured = f"has {has} paragraphs, with {len(parts) - 1} dividers"
    return Reading(title, asked, measured, kept, None if at == -1 else Span(at, at + 3))


def check_paragraph_opening(output: str, instruction: Instruction) -> Reading:
    """Exactly so many paragraphs at blank lines, and one of them begins with a word."""
    needs, nth = instruction.number("num_paragraphs"), instruction.number("nth_paragraph")
    word = instruction.text("first_word")
    asked = f'have exactly {needs} paragraphs, number {nth} beginning with "{word}"'
    if needs is None or nth is None or not word:
        return Reading(COUNT_MISSED, asked, "cannot be checked: no number is stated", kept=None)
    paragraphs = output.split("\n\n")
    has = sum(1 for paragraph in paragraphs if paragraph.strip())
    if has != needs:
        return Reading(
            COUNT_MISSED, asked, f"has {has} paragraphs", kept=False, span=_start(output)
        )
    paragraph = paragraphs[nth - 1].strip() if nth <= len(paragraphs) else ""
    match = _FIRST_WORD.match(paragraph)
    first = match.group(1) if match else ""
    at = output.find(paragraph) if paragraph else -1
    span = None if at == -1 else Span(at, at + max(1, len(first)))
    kept = first.lower() == word.lower()
    measured = f'paragraph {nth} begins with "{first[:40]}"'
    return Reading(OPENING_MISSING, asked, measured, kept, span)


def check_postscript(output: str, instruction: Instruction) -> Reading:
    """A postscript with its mark stands in the output."""
    mark = instruction.text("postscript_marker")
    pattern = _POSTSCRIPTS.get(mark) or re.compile(re.escape(mark), re.IGNORECASE)
    match = pattern.search(output) if mark else None
    asked = f"add a postscript that begins with {mark}"
    if match is None:
        kept = False if mark else None
        return Reading(STRUCTURE_MISSING, asked, f"has no {mark}", kept=kept)
    return Reading(STRUCTURE_MISSING, asked, "has it", kept=True, span=Span(*match.span()))


def check_title(output: str, _instruction: Instruction) -> Reading:
    """A title in double angular brackets stands in one line."""
    asked = "give a title in <<double angular brackets>>"
    at = 0
    for line in output.split("\n"):
        start, end = line.find("<<"), line.rfind(">>")
        if start != -1 and end > start and line[start:end].strip("<> \t"):
            span = Span(at + start, at + end + 2)
            return Reading(STRUCTURE_MISSING, asked, "has one", kept=True, span=span)
        at += len(line) + 1
    measured = "has no title in such brackets"
    return Reading(STRUCTURE_MISSING, asked, measured, kept=False, span=_start(output))


def check_json(output: str, _instruction: Instruction) -> Reading:
    """The whole output is one JSON value, a fence around it allowed."""
    asked = "be wholly JSON"
    text = _FENCE.sub("", _FENCE.sub("", output.strip())).strip()
    try:
        json.loads(text)
    except RecursionError:
        return Reading(NOT_JSON, asked, "is nested too deeply to be read", kept=None)
    except ValueError as error:
        at = output.find(text) + error.pos if isinstance(error, json.JSONDecodeError) else 0
        at = min(at, max(0, len(output) - 1))
        measured = f"is no JSON: {str(error).split(':')[0].lower()}"
        return Reading(NOT_JSON, asked, measured, kept=False, span=Span(at, at + 1))
    return Reading(NOT_JSON, asked, "is JSON", kept=True, span=_start(output))


def check_quotation(output: str, _instruction: Instruction) -> Reading:
    """The whole output stands in double quotation marks."""
    asked = "be wrapped in double quotation marks"
    text = output.strip()
    opened, closed = text.startswith('"'), text.endswith('"') and len(text) > 1
    if opened and closed:
        return Reading(QUOTATION, asked, "is wrapped", kept=True, span=_start(output))
    measured = "does not begin with one" if not opened else "does not end with one"
    span = _start(output) if not opened else _end(output)
    return Reading(QUOTATION, asked, measured, kept=False, span=span)


def check_two_responses(output: str, _instruction: Instruction) -> Reading:
    """Two different answers, divided by six stars."""
    asked = "give two different responses divided by ******"
    parts = output.split(_SEPARATOR)
    filled = [part.strip() for part in parts if part.strip()]
    at = output.find(_SEPARATOR)
    if at == -1:
        measured = "has no ****** between two responses"
        return Reading(STRUCTURE_MISSING, asked, measured, kept=False, span=_start(output))
    kept = all(part.strip() for part in parts[1:-1])
    kept = kept and len(filled) == _TWO and filled[0] != filled[1]
    measured = f"has {len(filled)} parts around ******"
    if len(filled) == _TWO and filled[0] == filled[1]:
        measured = "has the same response twice"
    return Reading(COUNT_MISSED, asked, measured, kept, Span(at, at + len(_SEPARATOR)))


def check_repeat(output: str, instruction: Instruction) -> Reading:
    """The output begins with the request, word for word, in any case."""
    request = instruction.text("prompt_to_repeat").strip()
    asked = f'first repeat the request "{request[:80]}"'
    kept = output.strip().lower().startswith(request.lower()) if request else None
    measured = "begins with it" if kept else "begins otherwise"
    return Reading(OPENING_MISSING, asked, measured, kept, _start(output))


def check_ending(output: str, instruction: Instruction) -> Reading:
    """The output ends with a phrase, quotation marks after it allowed."""
    phrase = instruction.text("end_phrase").strip()
    asked = f'end with "{phrase}"'
    kept = output.strip().strip('"').lower().endswith(phrase.lower()) if phrase else None
    measured = "ends with it" if kept else "ends otherwise"
    return Reading(ENDING_MISSING, asked, measured, kept, _end(output))


def check_choice(output: str, _instruction: Instruction) -> Reading:
    """One of the three given answers stands in the output, word for word."""
    asked = "answer with one of the given phrases"
    for choice in _CHOICES:
        at = output.find(choice)
        if at != -1:
            span = Span(at, at + len(choice))
            return Reading(OUTSIDE_CHOICES, asked, f'says "{choice}"', kept=True, span=span)
    return Reading(OUTSIDE_CHOICES, asked, "has none", kept=False, span=_start(output))


def _start(output: str) -> Span | None:
    at = len(output) - len(output.lstrip())
    return Span(at, at + 1) if at < len(output) else None


def _end(output: str) -> Span | None:
    end = len(output.rstrip())
    return Span(end - 1, end) if end else None
