"""A large JSON document, read member by member and element by element.

Harnesses write NaN and Infinity, which streaming parsers refuse; Python's own decoder takes them,
so this reads on until it can decode the next value. No more than one element is held at a time.
"""

import codecs
import json
import zlib
from collections.abc import Callable, Collection, Container, Iterator
from pathlib import Path
from typing import Any

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.compression import open_bytes

LARGEST_VALUE_CHARS = 128 * 2**20
"""A larger single value is refused: it would not fit in memory together with its parts."""
_CHUNK_BYTES = 2**18
_NEAR_THE_END = 12
"""Characters within which an error may come from text that was not read yet (a cut escape)."""
_SPACE = " \t\r\n"
_AFTER_A_VALUE = frozenset(",:]}" + _SPACE)


class _Text:
    """The document's text, decoded as it is needed and forgotten once it was read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open_bytes(path)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._is_whole = False

    def close(self) -> None:
        self._file.close()

    def _read_on(self) -> None:
        rest = self._text[self._at :]
        if len(rest) > LARGEST_VALUE_CHARS:
            raise self.broken(f"holds a value of more than {LARGEST_VALUE_CHARS:,} characters")
        chunk = self._file.read(max(_CHUNK_BYTES, len(rest)))
        self._is_whole = not chunk
        self._text = rest + self._decoder.decode(chunk, final=self._is_whole)
        self._at = 0

    def broken(self, why: str) -> IngestError:
        return IngestError(f"{self._path}: {why}. Copy or export the file again.")

    def sign(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if self._is_whole:
                return ""
            self._read_on()

    def take(self, wanted: str) -> None:
        """Pass over one character."""
        if (found := self.sign()) != wanted:
            raise self.broken(f"is no JSON: found {found or 'the end'!r} in place of {wanted!r}")
        self._at += 1

    def value(self) -> Any:
        """The next value, whole."""
        self.sign()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                is_cut = error.msg.startswith("Unterminated string")
                if self._is_whole or not (is_cut or len(self._text) - error.pos < _NEAR_THE_END):
                    raise self.broken(f"is no JSON: {error.msg}") from error
            except (RecursionError, ValueError) as error:
                raise self.broken(f"is no JSON that can be read: {error}") from error
            else:
                # A number ends only where another sign says so: 12 may be the start of 12.5.
                if self._is_whole or self._text[end : end + 1] in _AFTER_A_VALUE:
                    self._at = end
                    return value
            self._read_on()

    def elements(self) -> Iterator[Any]:
        """The elements of the list that comes next."""
        self.take("[")
        while self.sign() != "]":
            yield self.value()
            if self.sign() != "]":
                self.take(",")
        self.take("]")

    def keys(self) -> Iterator[str]:
        """The keys of the object that comes next, each before its value is read."""
        self.take("{")
        while self.sign() != "}":
            yield self.value()
            self.take(":")
            for _ in self.elements() if self.sign() == "[" else (self.value(),):
                pass
            if self.sign() != "}":
                self.take(",")

    def members(self, streamed: Container[str]) -> Iterator[tuple[str, Any]]:
        self.take("{")
        while self.sign() != "}":
            key = self.value()
            self.take(":")
            if key in streamed and self.sign() == "[":
                yield from ((key, element) for element in self.elements())
            else:
                yield key, self.value()
            if self.sign() != "}":
                self.take(",")
        self.take("}")


def members(path: Path, streamed: Container[str] = ()) -> Iterator[tuple[str, Any]]:
    """The members of the object in a file; those in ``streamed`` one element at a time.

    Raises:
        IngestError: the file is no JSON object, is cut off, or holds a value that is too large.
    """
    yield from _read(path, lambda text: text.members(streamed))


def elements(path: Path) -> Iterator[Any]:
    """The elements of the list in a file.

    Raises:
        IngestError: the file is no JSON list, is cut off, or holds a value that is too large.
    """
    yield from _read(path, _Text.elements)


def _read(path: Path, reader: Callable[[_Text], Iterator[Any]]) -> Iterator[Any]:
    text = _Text(path)
    try:
        yield from reader(text)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise text.broken(f"cannot be read to its end: {error}") from error
    finally:
        text.close()


class _Others:
    """All keys but some."""

    def __init__(self, keys: Collection[object]) -> None:
        self._keys = keys

    def __contains__(self, key: object) -> bool:
        return key not in self._keys


def some_members(path: Path, wanted: Collection[str]) -> dict[str, Any]:
    """Some members of the object in a file, read no further than the last of them."""
    found: dict[str, Any] = {}
    for key, value in members(path, _Others(wanted)):
        if key in wanted:
            found[key] = value
        if len(found) == len(wanted):
            break
    return found


def first_keys(path: Path, n: int = 4) -> list[str]:
    """The first keys of the object in a file; fewer or none where it is no such file."""
    found: list[str] = []
    try:
        for key in _read(path, _Text.keys):
            found.append(key)
            if len(found) == n:
                break
    except IngestError:
        pass
    return found


def first_element(path: Path) -> Any:
    """The first element of the list in a file; None where it is no such file."""
    try:
        return next(elements(path), None)
    except IngestError:
        return None
