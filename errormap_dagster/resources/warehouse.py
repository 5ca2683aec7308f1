"""The warehouse: dbt writes a file of its own, which then takes the place of the one that is read.

DuckDB lets nobody write a file that somebody reads. So a reader never stops a build, never sees
half of one, and keeps the file it has open.
"""

import logging
import shutil
from collections.abc import Generator
from contextlib import contextmanager

import duckdb

from errormap_dagster.home import Home

HISTORY = "scd_"
"""How the names of the tables that keep a history begin."""
_log = logging.getLogger(__name__)


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
    if home.warehouse.exists():
        if is_whole:
            _carry_history(home)
        else:
            shutil.copyfile(home.warehouse, work)
    try:
        yield
        # What still stands in the log beside the file has to be in it before the file moves.
        duckdb.connect(work).close()
        work.replace(home.warehouse)
    finally:
        discard(home)


def _carry_history(home: Home) -> None:
    """Take over the tables that dbt's snapshots go on from; the tables do not tell them again."""
    try:
        with duckdb.connect(home.warehouse_in_work) as new:
            path = str(home.warehouse).replace("'", "''")
            new.execute(f"attach '{path}' as published (read_only)")
            kept = new.execute(
                "select table_name from duckdb_tables() where database_name = 'published' "
                "and starts_with(table_name, ?) order by table_name",
                [HISTORY],
            ).fetchall()
            for (table,) in kept:
                new.execute(f'create table "{table}" as from published."{table}"')
    except duckdb.Error as error:
        # A file that cannot be read must not keep the views from being built anew.
        discard(home)
        _log.warning("%s cannot be read; its history begins anew: %s", home.warehouse, error)


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
