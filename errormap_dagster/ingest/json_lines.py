"""JSON Lines, read line by line: an object each, or a reject that costs its line alone."""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.compression import head_of, open_bytes
from errormap_dagster.ingest.rows import Rejected

BOM = b"\xef\xbb\xbf"
LARGEST_LINE_BYTES = 256 * 2**20
"""A longer line is no record of anything but a file that expands without end."""


class Line(NamedTuple):
    """A line that is a JSON object.

    ``number`` counts from 1, blank lines too; ``offset`` is where it begins, in bytes.
    """

    number: int
    offset: int
    value: dict[str, Any]
    text: str


def lines(path: Path) -> Iterator[Line | Rejected]:
    """The lines of a file that are not blank.

    Raises:
        IngestError: the file cannot be read to its end, or a line never ends.
    """
    try:
        with open_bytes(path) as file:
            number = offset = 0
            while raw := file.readline(LARGEST_LINE_BYTES):
                number += 1
                if len(raw) >= LARGEST_LINE_BYTES:
                    told = f"line {number} is longer than {LARGEST_LINE_BYTES:,} bytes"
                    raise IngestError(f"{path}: {told}; it is no JSON Lines file.")
                if raw.strip():
                    yield _parse(number, offset, raw.removeprefix(BOM) if number == 1 else raw)
                offset += len(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise IngestError(f"{path}: cannot be read to its end: {error}") from error


def first_object(path: Path) -> dict[str, Any]:
    """The first line's object; empty when the start of the file holds none."""
    first, *_ = head_of(path).removeprefix(BOM).lstrip().split(b"\n", 1)
    if not first.startswith(b"{"):
        return {}
    found = next(lines(path), None)
    return found.value if isinstance(found, Line) else {}


def _parse(number: int, offset: int, raw: bytes) -> Line | Rejected:
    text = raw.decode("utf-8", "backslashreplace").rstrip("\r\n")
    try:
        value = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Rejected(number, "undecodable_text", f"is no UTF-8: {error}", text)
    except (ValueError, RecursionError) as error:
        return Rejected(number, "malformed_row", f"is no JSON: {error}", text)
    if not isinstance(value, dict):
        return Rejected(number, "malformed_row", "is no JSON object", text)
    return Line(number, offset, value, text)


def line_at(file: BinaryIO, offset: int) -> dict[str, Any]:
    """The object in the line at a place that ``lines`` has read before."""
    file.seek(offset)
    return json.loads(file.readline(LARGEST_LINE_BYTES).removeprefix(BOM))
