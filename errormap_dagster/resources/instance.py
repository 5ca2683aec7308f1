"""Dagster's instance as commands open it: made by one process, its databases kept open."""

import sqlite3
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa
from filelock import FileLock
from sqlalchemy import event

from errormap_dagster.home import Home


def open_instance(home: Home) -> dg.DagsterInstance:
    """Dagster's instance; two processes that make its databases at once would break them."""
    with FileLock(home.dagster / "instance.lock"):
        return dg.DagsterInstance.get()


@contextmanager
def instance_in_use(home: Home) -> Generator[dg.DagsterInstance]:
    """The instance for the length of a run.

    Dagster opens, writes and closes a database for each event. Whenever the last connection to a
    SQLite file closes, its log is cleared away, and each write waits for the disk. Here one
    connection to each file stays open until the end, and the log is synchronised when it is folded
    into the file: a loss of power may take the last events of Dagster's history with it, and
    nothing else. An instance on PostgreSQL has no such files.
    """
    instance = open_instance(home)
    with ExitStack() as kept:
        databases = _Databases(home.dagster, kept)
        event.listen(sa.Engine, "connect", databases.opened)
        kept.callback(event.remove, sa.Engine, "connect", databases.opened)
        yield instance


class _Databases:
    """Keeps each SQLite file below a folder open from its first connection on."""

    def __init__(self, folder: Path, kept: ExitStack) -> None:
        self._folder = folder.resolve()
        self._kept = kept
        self._open: set[str] = set()

    def opened(self, connection: Any, _record: object) -> None:
        """Called by SQLAlchemy with each new connection."""
        if not isinstance(connection, sqlite3.Connection):
            return
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        if path not in self._open and Path(path).is_relative_to(self._folder):
            self._keep(path)
        if path in self._open:
            connection.execute("PRAGMA synchronous = NORMAL")

    def _keep(self, path: str) -> None:
        connection = sqlite3.connect(path, check_same_thread=False)
        # Without such a log, a write that is lost would damage the file.
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.close()
            return
        self._kept.enter_context(closing(connection))
        # The log counts as open for those alone who have read.
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self._open.add(path)
