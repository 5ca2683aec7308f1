"""The tables of the record of calls, and the statements that write them.

``judge_calls`` has one row per call, ``judge_payments`` one per time that a call was paid for.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

# Any number will do, as long as every process that makes the tables takes the same one.
TABLE_LOCK = 5_306_114


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


_NAMES = ("stage", "judge", "prompt_hash", "reply_schema_hash", "parameters", "status")
_TOKENS = ("prompt_tokens", "cached_prompt_tokens", "completion_tokens")
_METADATA = sa.MetaData()
# Both databases sort alike, whatever the locale of the server.
BY_CODE_POINT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
JUDGE_CALLS = sa.Table(
    "judge_calls",
    _METADATA,
    sa.Column("call_id", BY_CODE_POINT, primary_key=True),
    *(sa.Column(name, sa.Text, nullable=False) for name in _NAMES),
    sa.Column("attempts", sa.BigInteger, nullable=False),
    *(sa.Column(name, sa.BigInteger) for name in _TOKENS),
    sa.Column("cost_usd", sa.Double),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("called_at", UtcTime, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("reply", sa.Text),
    sa.Column("reason", sa.Text),
)
COLUMNS = JUDGE_CALLS.c
JUDGE_PAYMENTS = sa.Table(
    "judge_payments",
    _METADATA,
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("called_at", UtcTime, nullable=False),
    sa.Column("cost_usd", sa.Double, nullable=False),
    sa.Column("n_tokens", sa.BigInteger, nullable=False),
)
PAID = JUDGE_PAYMENTS.c
PAYMENT = sa.insert(JUDGE_PAYMENTS)
_SUMMED = {"attempts", *_TOKENS, "cost_usd", "seconds"}


@cache
def upsert(dialect: str, *, is_repair: bool) -> sa.Executable:
    """Insert or update in one statement, so that no other asker can come between.

    It returns ``call_id`` and ``attempts``: those of the call itself where the row is new. Kept,
    for SQLAlchemy takes ten times longer to build it than SQLite to carry it out.
    """
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(JUDGE_CALLS)
    is_replaced = COLUMNS.status != "ok"
    if is_repair:
        is_replaced = COLUMNS.reply == sa.bindparam("invalid_reply", type_=sa.Text)
    changes: dict[str, sa.ColumnElement[Any]] = {}
    for old in COLUMNS:
        new = insert.excluded[old.name]
        if old.name in _SUMMED:
            changes[old.name] = sa.func.coalesce(old + new, old, new)
        elif not old.primary_key:
            changes[old.name] = sa.case((is_replaced, new), else_=old)
    written = insert.on_conflict_do_update(index_elements=[COLUMNS.call_id], set_=changes)
    return written.returning(COLUMNS.call_id, COLUMNS.attempts)


def make_tables(engine: sa.Engine) -> None:
    """Make the tables that are not there yet."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # IF NOT EXISTS alone fails there when two processes make a table at once.
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(TABLE_LOCK)))
        for table in (JUDGE_CALLS, JUDGE_PAYMENTS):
            connection.execute(CreateTable(table, if_not_exists=True))
