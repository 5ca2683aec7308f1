"""From what a reader says of each row of a file to batches that fit in memory."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import polars as pl

from errormap_dagster.ingest.choices import Choice
from errormap_dagster.ingest.interface import COLUMNS, EXTRA, Batch, rejects

BATCH_BYTES = 16 * 2**20
"""Texts held in memory at a time."""
_TEXTS = (*COLUMNS, *EXTRA)
_SCHEMA: dict[str, Any] = {
    "row_number": pl.Int64,
    **dict.fromkeys(_TEXTS, pl.String),
    "is_undecodable": pl.Boolean,
    "raw_row": pl.String,
}


class Kept(NamedTuple):
    """A row that is read: our columns, and its line where it is one."""

    number: int
    values: Mapping[str, Any]
    line: str | None = None


class Rejected(NamedTuple):
    """A row that cannot be a prediction, with the reason, the remedy and the row itself."""

    number: int
    reason: str
    detail: str
    raw: object


class PassedOver(NamedTuple):
    """A row that scores an answer anew by a filter or metric that was not chosen."""

    number: int


Record = Kept | Rejected | PassedOver | Choice


@dataclass(slots=True)
class _Pending:
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    refused: list[tuple[int, str, str, str]] = field(
        default_factory=list[tuple[int, str, str, str]]
    )
    choices: list[Choice] = field(default_factory=list[Choice])
    n_passed_over: int = 0
    n_bytes: int = 0

    def add(self, record: Record) -> None:
        match record:
            case Kept(number, values, line):
                row = as_row(number, values, line)
                self.rows.append(row)
                self.n_bytes += sum(len(v) for v in row.values() if isinstance(v, str))
            case Rejected(number, reason, detail, raw):
                text = shown(_raw_text(raw))
                self.refused.append((number, reason, shown(detail), text))
                self.n_bytes += len(text)
            case PassedOver():
                self.n_passed_over += 1
            case Choice():
                self.choices.append(record)

    def batch(self) -> Batch:
        frame = pl.DataFrame(self.rows, schema=_SCHEMA)
        return Batch(frame, rejects(self.refused), self.n_passed_over, tuple(self.choices))


def batched(records: Iterable[Record]) -> Iterator[Batch]:
    """Records in batches of some megabytes of text, in their order."""
    pending = _Pending()
    for record in records:
        pending.add(record)
        if pending.n_bytes >= BATCH_BYTES:
            yield pending.batch()
            pending = _Pending()
    yield pending.batch()


def as_row(number: int, values: Mapping[str, Any], line: str | None) -> dict[str, Any]:
    """One row of a batch: texts stay, numbers, truth values and structures become their JSON."""
    texts = {name: text_of(values.get(name)) for name in _TEXTS}
    broken = any(text is not None and not _is_encodable(text) for text in texts.values())
    if broken:
        texts = {name: text and shown(text) for name, text in texts.items()}
    return {
        "row_number": number,
        **texts,
        "is_undecodable": broken,
        "raw_row": line and shown(line),
    }


def text_of(value: object) -> str | None:
    """Texts stay; numbers, truth values and structures become their JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def shown(text: str) -> str:
    """The text, with a lone surrogate, which is no character, as the escape it came as."""
    return text if _is_encodable(text) else text.encode("utf-8", "backslashreplace").decode()


def _raw_text(raw: object) -> str:
    return raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, default=str)


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
