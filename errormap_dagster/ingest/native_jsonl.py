"""ErrorMap's own columns as JSON Lines (UTF-8), plain or gzip: one object per line."""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.columns import require_columns
from errormap_dagster.ingest.compression import head_of, open_bytes
from errormap_dagster.ingest.interface import COLUMNS, Batch, rejects

_BATCH_BYTES = 16 * 2**20
_BOM = b"\xef\xbb\xbf"
_SCHEMA = {
    "row_number": pl.Int64,
    **dict.fromkeys(COLUMNS, pl.String),
    "is_undecodable": pl.Boolean,
    "raw_row": pl.String,
}

Row = dict[str, Any]
Reject = tuple[int, str, str, str]


class NativeJsonl:
    """One prediction per line, as a JSON object."""

    name = "native_jsonl"

    def sniff(self, path: Path) -> bool:
        """Whether the first sign is that of an object."""
        return head_of(path).removeprefix(_BOM).lstrip().startswith(b"{")

    def read(self, path: Path) -> Iterator[Batch]:
        """Read line by line; a line that is no object costs that line alone."""
        try:
            yield from _batches(path)
        except (OSError, EOFError, zlib.error) as error:
            raise IngestError(f"{path}: cannot be read to its end: {error}") from error


def _batches(path: Path) -> Iterator[Batch]:
    rows: list[Row] = []
    refused: list[Reject] = []
    n_bytes, is_checked = 0, False
    with open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            parsed = _parse(number, line.removeprefix(_BOM) if number == 1 else line)
            if isinstance(parsed, tuple):
                refused.append(parsed)
            else:
                if not is_checked:
                    require_columns(path, list(parsed))
                    is_checked = True
                rows.append(_as_row(number, parsed, line))
            n_bytes += len(line)
            if n_bytes >= _BATCH_BYTES:
                yield Batch(pl.DataFrame(rows, schema=_SCHEMA), rejects(refused))
                rows, refused, n_bytes = [], [], 0
    if rows or refused:
        yield Batch(pl.DataFrame(rows, schema=_SCHEMA), rejects(refused))


def _parse(number: int, line: bytes) -> Row | Reject:
    shown = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return (number, "undecodable_text", f"is no UTF-8: {error}", shown)
    except (ValueError, RecursionError) as error:
        return (number, "malformed_row", f"is no JSON: {error}", shown)
    if not isinstance(value, dict):
        return (number, "malformed_row", "is no JSON object", shown)
    return value


def _as_row(number: int, value: Row, line: bytes) -> Row:
    texts = {name: _text(value.get(name)) for name in COLUMNS}
    broken = any(text is not None and not _is_encodable(text) for text in texts.values())
    if broken:
        # A lone surrogate, written as an escape, is no character: it is shown as that escape.
        texts = {
            name: text and text.encode("utf-8", "backslashreplace").decode()
            for name, text in texts.items()
        }
    raw = line.decode("utf-8").rstrip("\r\n")
    return {"row_number": number, **texts, "is_undecodable": broken, "raw_row": raw}


def _text(value: object) -> str | None:
    """Texts stay; numbers, truth values and structures become their JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
