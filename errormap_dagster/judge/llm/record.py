"""The record of calls to a judge: its cache, its audit log and its ledger of costs.

Two tables, in SQLite or PostgreSQL. A call has one row, whoever makes it and how often: the first
good reply stays, and what all attempts have cost adds up. What was paid for it stands apart, run by
run and time by time: budgets count that. Here belongs what reads and writes those tables; what a
call is and when it is made stands elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

import sqlalchemy as sa

from errormap_dagster.judge.llm.record_database import opened, told_plainly
from errormap_dagster.judge.llm.record_tables import COLUMNS, JUDGE_CALLS, PAID, PAYMENT, upsert

ROWS_PER_PART = 500
_NAMES = tuple(str(column.name) for column in COLUMNS)


@dataclass(frozen=True, slots=True)
class Call:
    """One row of the record: a call to a judge and what came of it.

    Attributes:
        call_id: content key of the call, the primary key.
        parameters: what was sent besides the prompt, canonical JSON without secrets.
        status: ok, invalid_reply, refused, truncated, empty or failed.
        attempts: requests made, at least 1.
        prompt_tokens: tokens sent, cached ones too; None where the endpoint does not tell.
        cost_usd: price in US dollars; None where it is not known.
        called_at: when the call was made, with a time zone (UTC when read back).
        reply: answer of the endpoint as JSON text; None when there is none.
        reason: why the call is not ok; None when it is.
    """

    call_id: str
    stage: str
    judge: str
    prompt_hash: str
    reply_schema_hash: str
    parameters: str
    status: str
    attempts: int
    prompt_tokens: int | None
    cached_prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    seconds: float
    called_at: datetime
    run_id: str
    reply: str | None
    reason: str | None


class Spent(NamedTuple):
    """What calls have cost: US dollars, and tokens sent and received."""

    cost_usd: float
    n_tokens: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What `CallRecord.write` puts on record.

    Attributes:
        call: made once, just now.
        invalid_reply: the one that the call repairs, and the only one that it may replace; None for
            a call that repairs nothing.
        counted: what budgets count for it where the call does not know; None for what it knows.
    """

    call: Call
    invalid_reply: str | None = None
    counted: Spent | None = None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """The calls on record; many threads and processes may share one database.

    What `save`, `mend` or `write` has returned is committed: it outlives the process, however that
    ends. Each method raises JudgeStoppedError when the database fails.
    """

    engine: sa.Engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the record, and make its tables where there are none.

        Raises:
            SettingsError: the URL is neither `sqlite:///path` nor `postgresql://...`, its driver
                is missing or its database of no use. The message holds no password.
        """
        return cls(opened(url))

    def find(self, call_id: str) -> Call | None:
        """The row of a call, whatever its status; None when there is none."""
        return self.find_all([call_id]).get(call_id)

    def find_all(self, call_ids: Sequence[str]) -> dict[str, Call]:
        """The rows that there are of some calls (at most a few hundred), by `call_id`."""
        query = sa.select(JUDGE_CALLS).where(COLUMNS.call_id.in_(call_ids))
        with told_plainly(self.engine), self.engine.connect() as connection:
            return {row.call_id: _call(row) for row in connection.execute(query)}

    def save(self, call: Call, counted: Spent | None = None) -> Call:
        """Record a call: an ok row keeps its reply, any other takes this one; amounts add up.

        The row in force is returned: it may hold the reply that another asker got first.
        """
        return self.write([Entry(call, counted=counted)])[0]

    def mend(self, call: Call, invalid_reply: str, counted: Spent | None = None) -> Call:
        """Record the repair of a reply: it replaces only `invalid_reply`; amounts add up.

        The row in force is returned: it may hold the repair that another asker got first.
        """
        return self.write([Entry(call, invalid_reply, counted)])[0]

    def write(self, entries: Sequence[Entry]) -> list[Call]:
        """Save or mend calls, all or none of them; the rows in force, in the same order."""
        dialect = self.engine.dialect.name
        with told_plainly(self.engine), self.engine.begin() as connection:
            written = write_within(connection, dialect, entries)
        old = [call.call_id for call, is_new in written if not is_new]
        in_force = self.find_all(old) if old else {}
        return [call if is_new else in_force[call.call_id] for call, is_new in written]

    def spent(self, run_id: str | None = None, since: datetime | None = None) -> Spent:
        """What was paid by a run, and for calls made at or after a time; all by default.

        What two runs have paid for one call counts for each of them.
        """
        query = sa.select(_sum_or_zero(PAID.cost_usd), _sum_or_zero(PAID.n_tokens))
        if run_id is not None:
            query = query.where(PAID.run_id == run_id)
        if since is not None:
            query = query.where(PAID.called_at >= since)
        with told_plainly(self.engine), self.engine.connect() as connection:
            cost_usd, n_tokens = connection.execute(query).one()
        return Spent(float(cost_usd), int(n_tokens))

    def rows(self) -> Iterator[Call]:
        """All rows, sorted by `call_id`, read part by part; no part holds the database up."""
        query = sa.select(JUDGE_CALLS).order_by(COLUMNS.call_id).limit(ROWS_PER_PART)
        part = query
        while True:
            with told_plainly(self.engine), self.engine.connect() as connection:
                calls = [_call(row) for row in connection.execute(part)]
            yield from calls
            if len(calls) < ROWS_PER_PART:
                return
            part = query.where(COLUMNS.call_id > calls[-1].call_id)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def write_within(
    connection: sa.Connection, dialect: str, entries: Sequence[Entry]
) -> list[tuple[Call, bool]]:
    """Save or mend calls, and what was paid for them, within a transaction of the caller's.

    Returns:
        Each call with whether its row is new; where it is not, another row may be in force.
    """
    written = [row for part in _parts(entries) for row in _written(connection, dialect, part)]
    connection.execute(PAYMENT, [_payment(entry) for entry in entries])
    return written


def _parts(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Entries in parts for one statement each: no call twice, and each repair by itself."""
    part: dict[str, Entry] = {}
    for entry in entries:
        if part and (entry.invalid_reply is not None or entry.call.call_id in part):
            yield list(part.values())
            part = {}
        part[entry.call.call_id] = entry
        if entry.invalid_reply is not None:
            yield list(part.values())
            part = {}
    if part:
        yield list(part.values())


def _written(
    connection: sa.Connection, dialect: str, part: Sequence[Entry]
) -> list[tuple[Call, bool]]:
    """The calls of a part, and whether the row of each is new."""
    is_repair = part[0].invalid_reply is not None
    values = [_values(entry.call) for entry in part]
    if is_repair:
        values = [values[0] | {"invalid_reply": part[0].invalid_reply}]
    told = connection.execute(upsert(dialect, is_repair=is_repair), values)
    attempts = {row.call_id: row.attempts for row in told}
    # Attempts add up: a row that was there before has more of them than the call.
    return [
        (_in_utc(entry.call), attempts[entry.call.call_id] == entry.call.attempts) for entry in part
    ]


def _in_utc(call: Call) -> Call:
    return (
        call
        if call.called_at.tzinfo is UTC
        else replace(call, called_at=call.called_at.astimezone(UTC))
    )


def _values(call: Call) -> dict[str, Any]:
    return {name: getattr(call, name) for name in _NAMES}


def _payment(entry: Entry) -> dict[str, Any]:
    call = entry.call
    known = Spent(call.cost_usd or 0.0, (call.prompt_tokens or 0) + (call.completion_tokens or 0))
    paid = entry.counted or known
    return {
        "call_id": call.call_id,
        "run_id": call.run_id,
        "called_at": call.called_at,
        "cost_usd": paid.cost_usd,
        "n_tokens": paid.n_tokens,
    }


def _sum_or_zero(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.coalesce(sa.func.sum(column), 0)


def _call(row: sa.Row[Any]) -> Call:
    return Call(*row)
