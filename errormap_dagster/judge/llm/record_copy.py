"""Calls on their way from one record to another: as lines of JSON, and back into a database."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy.dialects import postgresql, sqlite

from errormap_dagster.errors import ErrorMapError
from errormap_dagster.judge.llm.record import JUDGE_CALLS, Call, CallRecord

_ROWS_AT_ONCE: Final = 500
_FIELDS: Final = {field.name for field in fields(Call)}


def line_of(call: Call) -> str:
    """A call as one line of JSON."""
    values = {**asdict(call), "called_at": call.called_at.isoformat()}
    return json.dumps(values, sort_keys=True, ensure_ascii=False)


def call_of_line(line: str) -> Call:
    """The call in a line of JSON.

    Raises:
        ErrorMapError: it holds none.
    """
    try:
        values: dict[str, Any] = json.loads(line)
        values["called_at"] = datetime.fromisoformat(values["called_at"])
        return Call(**values)
    except (ValueError, KeyError, TypeError) as error:
        raise ErrorMapError(f"a line holds no call with the fields {sorted(_FIELDS)}") from error


def insert_calls(record: CallRecord, calls: Iterable[Call]) -> None:
    """Put calls into a record; one that it holds already stays as it is."""
    is_postgresql = record.engine.dialect.name == "postgresql"
    insert = (postgresql if is_postgresql else sqlite).insert(JUDGE_CALLS)
    statement = insert.on_conflict_do_nothing(index_elements=[JUDGE_CALLS.c.call_id])
    for rows in _parts(calls):
        with record.engine.begin() as connection:
            connection.execute(statement, rows)


def _parts(calls: Iterable[Call]) -> Iterator[list[dict[str, Any]]]:
    waiting = iter(calls)
    while part := [asdict(call) for call in islice(waiting, _ROWS_AT_ONCE)]:
        yield part
