"""The warehouse: dbt writes a file of its own, which then takes the place of the one that is read.

DuckDB lets nobody write a file that somebody reads. So a reader never stops a build, never sees
half of one, and keeps the file it has open.
"""

import shutil
from collections.abc import Generator
from contextlib import contextmanager

import duckdb

from errormap_dagster.home import Home


@contextmanager
def warehouse_in_work(home: Home, *, is_whole: bool) -> Generator[None]:
    """A file for dbt to write; it is published when all went well, and else thrown away.

    Args:
        home: of the warehouse.
        is_whole: whether every model is built; else the others are taken over as they are.
    """
    work = home.warehouse_in_work
    discard(home)
    work.parent.mkdir(parents=True, exist_ok=True)
    if not is_whole and home.warehouse.exists():
        shutil.copyfile(home.warehouse, work)
    try:
        yield
        # What still stands in the log beside the file has to be in it before the file moves.
        duckdb.connect(work).close()
        work.replace(home.warehouse)
    finally:
        discard(home)


@contextmanager
def warehouse_copy(home: Home) -> Generator[None]:
    """A copy where dbt looks for its file, for commands that only read."""
    discard(home)
    if home.warehouse.exists():
        home.warehouse_in_work.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(home.warehouse, home.warehouse_in_work)
    try:
        yield
    finally:
        discard(home)


def discard(home: Home) -> None:
    """Take the file in work away, and the log that a killed build left beside it."""
    for ending in ("", ".wal"):
        work = home.warehouse_in_work
        work.with_name(work.name + ending).unlink(missing_ok=True)
