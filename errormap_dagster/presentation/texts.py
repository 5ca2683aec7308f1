"""Texts that models wrote, cut into pieces that a page can show without harm.

A model's text is never markup: templates escape every piece. What would change the page without
being seen, such as terminal codes and marks that turn the direction of reading, becomes a sign.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

Kind = Literal["text", "quote", "sign", "gap"]

_DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNSEEN = re.compile(
    f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff\ufff9-\ufffb{_DIRECTION}]"
    "|[\ud800-\udfff]"
    # Characters of the tag block spell words that nobody sees.
    "|[\U000e0000-\U000e007f]"
)
_WORD = re.compile(r"[^\s\u200b]+")
_NO_WIDTH = re.compile("\u200b+")
_CARET = 0x40
_FIRST_UNICODE = 0x80
_LONGEST = 12_000
_HEAD, _TAIL, _AROUND = 6_000, 2_000, 1_000


class Piece(NamedTuple):
    """A stretch of a text.

    Attributes:
        kind: text as it is; a quote; a sign in the place of an unseen character; a gap, where
            characters are left out.
        text: what to show. Of a gap, how many characters there are.
    """

    kind: Kind
    text: str


def pieces(text: str, quotes: Sequence[str] = (), *, is_whole: bool = False) -> list[Piece]:
    """A text with its quotes marked and its unseen characters made visible.

    Args:
        text: any text, of any length.
        quotes: what to mark wherever it stands; white space and case may differ.
        is_whole: show all of it. Otherwise a long text keeps its start, its end and what stands
            around the first occurrence of each quote.
    """
    searched = _Searched(text)
    found = [list(searched.spans(quote)) for quote in dict.fromkeys(quotes)]
    marked = _joined(span for spans in found for span in spans)
    firsts = _joined(spans[0] for spans in found if spans)
    shown = [(0, len(text))] if is_whole else _shown(len(text), firsts)
    told: list[Piece] = []
    at = 0
    for start, end in shown:
        if start > at:
            told.append(Piece("gap", f"{start - at:,}"))
        told += _stretch(text, start, end, marked)
        at = end
    if at < len(text):
        told.append(Piece("gap", f"{len(text) - at:,}"))
    return told


def visible(text: str) -> str:
    """A short text in one piece, with signs in the place of unseen characters."""
    return _UNSEEN.sub(lambda found: _sign(found.group()), text)


def is_long(text: str | None) -> bool:
    """Whether a text is shown in part unless all of it is asked for."""
    return len(text or "") > _LONGEST


def _sign(character: str) -> str:
    code = ord(character)
    # As terminals do: escape is ^[ and delete is ^?; every font has these.
    return f"^{chr(code ^ _CARET)}" if code < _FIRST_UNICODE else f"[U+{code:04X}]"


class _Searched:
    """A text in which quotes are looked up, exactly or up to white space and case.

    Regular expressions would do in fewer lines, and take minutes on some texts.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._flat: tuple[str, list[int]] | None = None

    def spans(self, quote: str) -> Iterator[tuple[int, int]]:
        """Where a quote stands, in order."""
        if not quote.strip():
            return
        exact = list(_occurrences(self._text, quote))
        yield from exact
        if exact:
            return
        self._flat = self._flat or _flattened(self._text)
        flat, places = self._flat
        for start, end in _occurrences(flat, _flattened(quote)[0]):
            yield places[start], places[end - 1] + 1


def _occurrences(text: str, part: str) -> Iterator[tuple[int, int]]:
    at = text.find(part) if part else -1
    while at >= 0:
        yield at, at + len(part)
        at = text.find(part, at + len(part))


def _flattened(text: str) -> tuple[str, list[int]]:
    """A text in small letters with single spaces, and where each of its characters stood."""
    parts: list[str] = []
    places: list[int] = []
    end = 0
    for word in _WORD.finditer(text):
        if parts and not _NO_WIDTH.fullmatch(text, end, word.start()):
            parts.append(" ")
            places.append(end)
        parts.append(word.group())
        places += range(*word.span())
        end = word.end()
    flat = "".join(parts)
    small = flat.lower()
    # A few letters have no small form of one character; then case counts.
    return (small if len(small) == len(flat) else flat), places


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that touch made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _shown(length: int, quotes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    if length <= _LONGEST:
        return [(0, length)]
    around = [(max(0, start - _AROUND), min(length, end + _AROUND)) for start, end in quotes]
    return _joined([(0, _HEAD), (length - _TAIL, length), *around])


def _stretch(text: str, start: int, end: int, marked: list[tuple[int, int]]) -> list[Piece]:
    told: list[Piece] = []
    at = start
    for first, last in marked:
        first_in, last_in = max(first, start), min(last, end)
        if first_in >= last_in:
            continue
        told += _signed("text", text[at:first_in])
        told += _signed("quote", text[first_in:last_in])
        at = last_in
    return told + _signed("text", text[at:end])


def _signed(kind: Kind, text: str) -> list[Piece]:
    told: list[Piece] = []
    at = 0
    for found in _UNSEEN.finditer(text):
        if found.start() > at:
            told.append(Piece(kind, text[at : found.start()]))
        told.append(Piece("sign", _sign(found.group())))
        at = found.end()
    return told + ([Piece(kind, text[at:])] if at < len(text) else [])
