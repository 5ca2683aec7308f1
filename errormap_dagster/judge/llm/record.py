"""The record of calls to a judge: its cache, its audit log and its ledger of costs.

One table, `judge_calls`, in SQLite or PostgreSQL. A call has one row, whoever makes it and how
often: the first good reply stays, and what all attempts have cost adds up. Here belongs what
reads and writes that table; what a call is and when it is made stands elsewhere.
"""

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Self

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from errormap_dagster.errors import SettingsError

ROWS_PER_PART = 500
BUSY_SECONDS = 30
CONNECT_SECONDS = 10
# Any number will do, as long as every process that makes the table takes the same one.
TABLE_LOCK = 5_306_114


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


class UtcTime(sa.TypeDecorator[datetime]):
    """A point in time: aware in Python, UTC in the database (SQLite knows no time zones)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Turn an aware time into UTC; for SQLite, without its zone."""
        if value is None or value.tzinfo is None:
            raise ValueError(f"{value} has no time zone: give it one, such as datetime.UTC")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give the time its zone back."""
        if value is not None and dialect.name == "sqlite":
            return value.replace(tzinfo=UTC)
        return value and value.astimezone(UTC)


NAMES = ("stage", "judge", "prompt_hash", "reply_schema_hash", "parameters", "status")
TOKENS = ("prompt_tokens", "cached_prompt_tokens", "completion_tokens")
# Both databases sort alike, whatever the locale of the server.
BY_CODE_POINT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
JUDGE_CALLS = sa.Table(
    "judge_calls",
    sa.MetaData(),
    sa.Column("call_id", BY_CODE_POINT, primary_key=True),
    *(sa.Column(name, sa.Text, nullable=False) for name in NAMES),
    sa.Column("attempts", sa.BigInteger, nullable=False),
    *(sa.Column(name, sa.BigInteger) for name in TOKENS),
    sa.Column("cost_usd", sa.Double),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("called_at", UtcTime, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("reply", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Index("judge_calls_by_run", "run_id"),
)
COLUMNS = JUDGE_CALLS.c
SUMMED = {"attempts", *TOKENS, "cost_usd", "seconds"}


@dataclass(frozen=True, slots=True)
class CallRecord:
    """The calls on record; many threads and processes may share one database.

    What `save` or `mend` has returned is committed: it outlives the process, however that ends.
    """

    engine: sa.Engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the record, and make its table where there is none.

        Raises:
            SettingsError: the URL is neither `sqlite:///path` nor `postgresql://...`, its driver
                is missing or its database of no use. The message holds no password.
        """
        parsed = _parsed(url)
        try:
            engine = _engine(parsed)
        except ImportError:
            remedy = 'PostgreSQL needs a driver; install it with: pip install "psycopg[binary]"'
            raise SettingsError(f"{_shown(parsed)}: {remedy}") from None
        try:
            _make_table(engine)
        except (SQLAlchemyError, OSError) as error:
            engine.dispose()
            cause = _without_secrets(str(getattr(error, "orig", None) or error), parsed)
            # The cause's own traceback may show the password: it ends here.
            raise SettingsError(
                f"{_shown(parsed)}: the record of calls cannot be opened ({cause}); "
                "check that the database is there and may be written"
            ) from None
        return cls(engine)

    def find(self, call_id: str) -> Call | None:
        """The row of a call, whatever its status; None when there is none."""
        with self.engine.connect() as connection:
            query = sa.select(JUDGE_CALLS).where(COLUMNS.call_id == call_id)
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else _call(row)

    def save(self, call: Call) -> Call:
        """Record a call: an ok row keeps its reply, any other takes this one; amounts add up.

        The row in force is returned: it may hold the reply that another asker got first.
        """
        return self._put(asdict(call), is_repair=False)

    def mend(self, call: Call, invalid_reply: str) -> Call:
        """Record the repair of a reply: it replaces only `invalid_reply`; amounts add up.

        The row in force is returned: it may hold the repair that another asker got first.
        """
        return self._put(asdict(call) | {"invalid_reply": invalid_reply}, is_repair=True)

    def spent(self, run_id: str | None = None, since: datetime | None = None) -> Spent:
        """What the rows of a run, and of calls at or after a time, have cost; all by default.

        A row counts whole for the run and time it bears: those of the reply in force.
        """
        tokens = _sum_or_zero(COLUMNS.prompt_tokens) + _sum_or_zero(COLUMNS.completion_tokens)
        query = sa.select(_sum_or_zero(COLUMNS.cost_usd), tokens)
        if run_id is not None:
            query = query.where(COLUMNS.run_id == run_id)
        if since is not None:
            query = query.where(COLUMNS.called_at >= since)
        with self.engine.connect() as connection:
            cost_usd, n_tokens = connection.execute(query).one()
        return Spent(float(cost_usd), int(n_tokens))

    def rows(self) -> Iterator[Call]:
        """All rows, sorted by `call_id`, read part by part; no part holds the database up."""
        query = sa.select(JUDGE_CALLS).order_by(COLUMNS.call_id).limit(ROWS_PER_PART)
        part = query
        while True:
            with self.engine.connect() as connection:
                calls = [_call(row) for row in connection.execute(part).mappings()]
            yield from calls
            if len(calls) < ROWS_PER_PART:
                return
            part = query.where(COLUMNS.call_id > calls[-1].call_id)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _put(self, values: dict[str, Any], *, is_repair: bool) -> Call:
        upsert = call_upsert(self.engine.dialect.name, is_repair=is_repair)
        with self.engine.begin() as connection:
            return _call(connection.execute(upsert, values).mappings().one())


@cache
def call_upsert(dialect: str, *, is_repair: bool) -> sa.Executable:
    """Insert or update in one statement, so that no other asker can come between.

    Kept, for SQLAlchemy takes ten times longer to build it than SQLite to carry it out.
    """
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(JUDGE_CALLS)
    is_replaced = COLUMNS.status != "ok"
    if is_repair:
        is_replaced = COLUMNS.reply == sa.bindparam("invalid_reply", type_=sa.Text)
    changes: dict[str, sa.ColumnElement[Any]] = {}
    for old in COLUMNS:
        new = insert.excluded[old.name]
        if old.name in SUMMED:
            changes[old.name] = sa.func.coalesce(old + new, old, new)
        elif not old.primary_key:
            changes[old.name] = sa.case((is_replaced, new), else_=old)
    upsert = insert.on_conflict_do_update(index_elements=[COLUMNS.call_id], set_=changes)
    return upsert.returning(*COLUMNS)


def _sum_or_zero(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.coalesce(sa.func.sum(column), 0)


def _call(row: sa.RowMapping) -> Call:
    return Call(**{str(name): value for name, value in row.items()})


def _parsed(url: str) -> sa.URL:
    kinds = "it has to be sqlite:///path or postgresql://user:password@host/database"
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):
        # What cannot be parsed may hold a password anywhere: none of it is shown.
        raise SettingsError(f"the URL of the record of calls cannot be read; {kinds}") from None
    if parsed.drivername == "sqlite" and parsed.database not in {None, "", ":memory:"}:
        return parsed
    if parsed.drivername in {"postgresql", "postgresql+psycopg"}:
        timeout = {"connect_timeout": str(CONNECT_SECONDS)}
        return parsed.set(drivername="postgresql+psycopg", query={**timeout, **parsed.query})
    raise SettingsError(f"{_shown(parsed)} is no place for the record of calls; {kinds}")


def _engine(url: sa.URL) -> sa.Engine:
    # Few connections: writers wait their turn for one, where SQLite would let them race.
    pool = {"pool_size": 4, "max_overflow": 0, "pool_timeout": 4 * BUSY_SECONDS}
    engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=True, **pool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA synchronous = NORMAL")
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # SQLite does not wait for a process that is just changing the mode: we do.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _make_table(engine: sa.Engine) -> None:
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).parent.mkdir(parents=True, exist_ok=True)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # IF NOT EXISTS alone fails there when two processes make the table at once.
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(TABLE_LOCK)))
        connection.execute(CreateTable(JUDGE_CALLS, if_not_exists=True))
        for index in JUDGE_CALLS.indexes:
            connection.execute(CreateIndex(index, if_not_exists=True))


def _shown(url: sa.URL) -> str:
    return url.set(query={}).render_as_string(hide_password=True)


def _without_secrets(text: str, url: sa.URL) -> str:
    in_query = (v for k, vs in url.normalized_query.items() if "password" in k for v in vs)
    for secret in filter(None, (url.password, *in_query)):
        text = text.replace(str(secret), "***")
    return text.strip()
