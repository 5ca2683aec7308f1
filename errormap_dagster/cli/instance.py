"""Dagster's instance as commands open it: made by one process, its databases kept open."""

import sqlite3
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager

import dagster as dg
from filelock import FileLock

from errormap_dagster.home import Home


def open_instance(home: Home) -> dg.DagsterInstance:
    """Dagster's instance; two processes that make its databases at once would break them."""
    with FileLock(home.dagster / "instance.lock"):
        return dg.DagsterInstance.get()


@contextmanager
def instance_in_use(home: Home) -> Generator[dg.DagsterInstance]:
    """The instance for the length of a run.

    Dagster opens and closes a database for each event, and SQLite clears its log away whenever
    the last connection closes. A connection that stays open until the end spares a run a quarter
    of the time that its events take. An instance on PostgreSQL has no such files.
    """
    instance = open_instance(home)
    with ExitStack() as kept:
        for name in ("history/runs.db", "history/runs/index.db"):
            if (home.dagster / name).exists():
                connection = kept.enter_context(closing(sqlite3.connect(home.dagster / name)))
                # The log counts as open for those alone who have read.
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield instance
