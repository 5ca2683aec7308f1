"""What is with the provider, in the database of the record of calls.

Two tables beside `judge_calls`: `judge_batches` holds every batch that was begun, and
`judge_batch_calls` the calls whose answers are still out. A call stands there once at most, so that
no two batches, of whatever process, can hold it; it leaves the table in the transaction that
records its answer, so that no answer is recorded or paid for twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from errormap_dagster.judge.llm.ending import OK
from errormap_dagster.judge.llm.record import ROWS_PER_PART, Entry, write_within
from errormap_dagster.judge.llm.record_tables import (
    BY_CODE_POINT,
    JUDGE_CALLS,
    TABLE_LOCK,
    UtcTime,
)

Item = TypeVar("Item")

SUBMITTING: Final = "submitting"
"""On record, but not yet known to be with the provider."""
FORGOTTEN: Final = "forgotten"
"""Given up by the user: its calls may be asked anew."""

_METADATA: Final = sa.MetaData()
_TEXTS: Final = ("stage", "judge", "reply_schema_hash", "parameters", "endpoint", "run_id")
JUDGE_BATCHES: Final = sa.Table(
    "judge_batches",
    _METADATA,
    sa.Column("batch_key", BY_CODE_POINT, primary_key=True),
    *(sa.Column(name, sa.Text, nullable=False) for name in _TEXTS),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("n_calls", sa.BigInteger, nullable=False),
    sa.Column("n_ended", sa.BigInteger, nullable=False),
    sa.Column("reserved_usd", sa.Double, nullable=False),
    sa.Column("reserved_tokens", sa.BigInteger, nullable=False),
    sa.Column("submitted_at", UtcTime, nullable=False),
    sa.Column("file_id", sa.Text),
    sa.Column("batch_id", sa.Text),
    sa.Column("collected_at", UtcTime),
    sa.Column("reason", sa.Text),
)
JUDGE_BATCH_CALLS: Final = sa.Table(
    "judge_batch_calls",
    _METADATA,
    sa.Column("call_id", BY_CODE_POINT, primary_key=True),
    sa.Column("batch_key", BY_CODE_POINT, nullable=False, index=True),
    sa.Column("line", sa.BigInteger, nullable=False),
    sa.Column("prompt_hash", sa.Text, nullable=False),
)
_BATCH: Final = JUDGE_BATCHES.c
_OUT: Final = JUDGE_BATCH_CALLS.c


@dataclass(frozen=True, slots=True)
class Batch:
    """One row of `judge_batches`.

    Attributes:
        batch_key: made here before the provider hears of the batch, and part of its metadata
            there; by it the batch is found again.
        endpoint: where it is: the base URL, or "OpenAI".
        status: `submitting`, then what the provider says, or `forgotten`.
        n_ended: calls of it that the provider has answered or given up.
        reserved_usd, reserved_tokens: what its calls may cost at most.
        file_id, batch_id: the provider's names of the uploaded file and the batch.
        collected_at: when its answers were all recorded; None while it is out.
        reason: why the provider refused it as a whole.
    """

    batch_key: str
    stage: str
    judge: str
    reply_schema_hash: str
    parameters: str
    endpoint: str
    run_id: str
    status: str
    n_calls: int
    n_ended: int
    reserved_usd: float
    reserved_tokens: int
    submitted_at: datetime
    file_id: str | None = None
    batch_id: str | None = None
    collected_at: datetime | None = None
    reason: str | None = None

    @property
    def name(self) -> str:
        """What a person is told: the provider's name, ours as long as there is none."""
        return self.batch_id or self.batch_key


@dataclass(frozen=True, slots=True)
class OpenCall:
    """One row of `judge_batch_calls`: a call whose answer is out; ``line`` tells their order."""

    call_id: str
    batch_key: str
    line: int
    prompt_hash: str


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """The batches on record; many processes may share one database."""

    engine: sa.Engine

    @classmethod
    def beside(cls, engine: sa.Engine) -> Self:
        """The batches in the database of a record of calls; makes the tables if need be."""
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(TABLE_LOCK)))
            for table in (JUDGE_BATCHES, JUDGE_BATCH_CALLS):
                connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    connection.execute(sa.schema.CreateIndex(index, if_not_exists=True))
        return cls(engine)

    def missing(self, call_ids: Iterable[str]) -> set[str]:
        """Those of some calls that have no answer on record and are in no batch."""
        with self.engine.connect() as connection:
            wanted = set(call_ids)
            return wanted - _answered(connection, wanted) - _out(connection, wanted)

    def begin(self, batch: Batch, calls: Sequence[tuple[str, str]]) -> set[str]:
        """Put a batch on record before the provider hears of it.

        Args:
            batch: without the provider's names.
            calls: id and hash of the prompt of each, in the order of their lines.

        Returns:
            The calls that are its own; any other was answered, or is in another batch, meanwhile.
        """
        rows = [
            asdict(OpenCall(call_id, batch.batch_key, line, prompt_hash))
            for line, (call_id, prompt_hash) in enumerate(calls, start=1)
        ]
        dialect = postgresql if self.engine.dialect.name == "postgresql" else sqlite
        own: set[str] = set()
        with self.engine.begin() as connection:
            # Taken first, looked up then: what another process answered in between is given back.
            for part in in_parts(sorted(rows, key=lambda row: row["call_id"])):
                insert = dialect.insert(JUDGE_BATCH_CALLS).values(part).on_conflict_do_nothing()
                own |= set(connection.execute(insert.returning(_OUT.call_id)).scalars())
            known = _answered(connection, own)
            for part in in_parts(sorted(known)):
                connection.execute(sa.delete(JUDGE_BATCH_CALLS).where(_OUT.call_id.in_(part)))
            own -= known
            if own:
                known_now = {name: v for name, v in asdict(batch).items() if v is not None}
                row = known_now | {"n_calls": len(own)}
                connection.execute(sa.insert(JUDGE_BATCHES).values(row))
        return own

    def note(self, batch_key: str, **values: Any) -> None:
        """Write down what is new of a batch, by column."""
        update = sa.update(JUDGE_BATCHES).where(_BATCH.batch_key == batch_key)
        with self.engine.begin() as connection:
            connection.execute(update.values(values))

    def give_back(self, batch_key: str, **values: Any) -> None:
        """Let the calls of a batch that are still out be asked anew; the batch is done with.

        A batch that the provider never had leaves no row; any other keeps it, with ``values``.
        """
        with self.engine.begin() as connection:
            connection.execute(sa.delete(JUDGE_BATCH_CALLS).where(_OUT.batch_key == batch_key))
            its_row = _BATCH.batch_key == batch_key
            connection.execute(sa.delete(JUDGE_BATCHES).where(its_row, _BATCH.batch_id.is_(None)))
            changes = values | {"collected_at": datetime.now(UTC)}
            connection.execute(sa.update(JUDGE_BATCHES).where(its_row).values(changes))

    def settle(self, batch_key: str, entries: Iterable[Entry]) -> set[str]:
        """Record how calls of a batch ended, and what was paid for them, all or none of them.

        Returns:
            Those that were still out; any other is on record already and is left as it is.
        """
        settled: list[Entry] = []
        with self.engine.begin() as connection:
            for entry in entries:
                mine = (_OUT.call_id == entry.call.call_id) & (_OUT.batch_key == batch_key)
                if connection.execute(sa.delete(JUDGE_BATCH_CALLS).where(mine)).rowcount == 1:
                    settled.append(entry)
            if settled:
                write_within(connection, self.engine.dialect.name, settled)
        return {entry.call.call_id for entry in settled}

    def open_calls(self, batch_key: str, call_ids: Iterable[str]) -> Mapping[str, OpenCall]:
        """Those of some calls that a batch still has out, by id."""
        wanted = sa.select(JUDGE_BATCH_CALLS).where(
            _OUT.batch_key == batch_key, _OUT.call_id.in_(list(call_ids))
        )
        with self.engine.connect() as connection:
            return {row["call_id"]: OpenCall(**row) for row in _rows(connection, wanted)}

    def still_out(self, batch_key: str, most: int = ROWS_PER_PART) -> list[OpenCall]:
        """The first calls that a batch has out, in the order of their lines."""
        query = sa.select(JUDGE_BATCH_CALLS).where(_OUT.batch_key == batch_key)
        with self.engine.connect() as connection:
            ordered = query.order_by(_OUT.line).limit(most)
            return [OpenCall(**row) for row in _rows(connection, ordered)]

    def open_batches(self, stage: str | None = None) -> list[Batch]:
        """The batches that are not collected, in the order of their submission."""
        query = sa.select(JUDGE_BATCHES).where(_BATCH.collected_at.is_(None))
        return self._batches(query if stage is None else query.where(_BATCH.stage == stage))

    def batches(self) -> list[Batch]:
        """All batches, in the order of their submission."""
        return self._batches(sa.select(JUDGE_BATCHES))

    def _batches(self, query: sa.Select[Any]) -> list[Batch]:
        with self.engine.connect() as connection:
            ordered = query.order_by(_BATCH.submitted_at, _BATCH.batch_key)
            return [Batch(**row) for row in _rows(connection, ordered)]


def in_parts(items: Iterable[Item], size: int = ROWS_PER_PART) -> Iterator[list[Item]]:
    """The items in lists of at most ``size``."""
    left = iter(items)
    while part := list(islice(left, size)):
        yield part


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[dict[str, Any]]:
    for row in connection.execute(query).mappings():
        yield {str(name): value for name, value in row.items()}


def _answered(connection: sa.Connection, call_ids: Iterable[str]) -> set[str]:
    columns = JUDGE_CALLS.c
    return _found(connection, columns.call_id, call_ids, columns.status == OK)


def _out(connection: sa.Connection, call_ids: Iterable[str]) -> set[str]:
    return _found(connection, _OUT.call_id, call_ids)


def _found(
    connection: sa.Connection,
    column: sa.Column[Any],
    call_ids: Iterable[str],
    *where: sa.ColumnElement[bool],
) -> set[str]:
    """Those of some ids that stand in a column, under a condition."""
    found: set[str] = set()
    for part in in_parts(sorted(call_ids)):
        query = sa.select(column).where(column.in_(part), *where)
        found |= set(connection.execute(query).scalars())
    return found
