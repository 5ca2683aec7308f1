"""The database of the record of calls: its URL, how it is opened, and its errors in plain words."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from errormap_dagster.errors import JudgeStoppedError, SettingsError
from errormap_dagster.judge.llm.record_tables import make_tables

_BUSY_SECONDS: Final = 30
_CONNECT_SECONDS: Final = 10


def opened(url: str) -> sa.Engine:
    """The database at a URL, with the tables of the record.

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
        if engine.dialect.name == "sqlite":
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        make_tables(engine)
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        # The cause's own traceback may show the password: it ends here.
        raise SettingsError(
            f"{_shown(parsed)}: the record of calls cannot be opened ({_told(error, parsed)}); "
            "check that the database is there and may be written"
        ) from None
    return engine


@contextmanager
def told_plainly(engine: sa.Engine) -> Generator[None]:
    """What the database refuses, in words without a password.

    Raises:
        JudgeStoppedError: the record cannot be read or written any more; without it no call is
            made, for it would be paid for and lost.
    """
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as error:
        raise JudgeStoppedError(
            f"{_shown(engine.url)}: the record of calls cannot be read or written "
            f"({_told(error, engine.url)}). What it holds is not paid again: mend the cause, then "
            "`errormap run`."
        ) from None


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
        timeout = {"connect_timeout": str(_CONNECT_SECONDS)}
        return parsed.set(drivername="postgresql+psycopg", query={**timeout, **parsed.query})
    raise SettingsError(f"{_shown(parsed)} is no place for the record of calls; {kinds}")


def _engine(url: sa.URL) -> sa.Engine:
    # Few connections: writers wait their turn for one, where SQLite would let them race.
    pool = {"pool_size": 4, "max_overflow": 0, "pool_timeout": 4 * _BUSY_SECONDS}
    engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=True, **pool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA synchronous = NORMAL")
    deadline = time.monotonic() + _BUSY_SECONDS
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


def _shown(url: sa.URL) -> str:
    return url.set(query={}).render_as_string(hide_password=True)


def _told(error: Exception, url: sa.URL) -> str:
    """What the driver says, without the secrets of the URL."""
    text = str(getattr(error, "orig", None) or error)
    in_query = (v for k, vs in url.normalized_query.items() if "password" in k for v in vs)
    for secret in filter(None, (url.password, *in_query)):
        text = text.replace(str(secret), "***")
    return text.strip()
