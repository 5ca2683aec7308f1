"""The tables of a home as polars frames, for notebooks and scripts.

Nothing is written, not even a folder, and the warehouse is left alone.

    >>> from errormap_dagster import read
    >>> read.table("signatures", home="errormap_home")  # doctest: +SKIP
    >>> long = pl.col("error_summary").str.len_chars() > 500  # doctest: +SKIP
    >>> read.scan("judged_errors").filter(long).collect()  # doctest: +SKIP
    >>> "failure_ledger" in read.names()
    True
"""

from pathlib import Path

import polars as pl

from errormap_dagster.contracts.registry import load_contract, table_names
from errormap_dagster.errors import TableMissingError
from errormap_dagster.home import HOME_VARIABLE, Home
from errormap_dagster.store import Store


def names() -> list[str]:
    """The names of all tables, sorted; each is described in ``data_contracts/``."""
    return table_names()


def table(name: str, home: str | Path | None = None) -> pl.DataFrame:
    """All rows of a table.

    Args:
        name: of the table, such as ``signatures``.
        home: the folder of the data; default ``ERRORMAP_HOME``, else ``./errormap_home``.

    Raises:
        ContractError: there is no such table; the message names those there are.
        TableMissingError: there is no such home, or nothing has made the table in it yet.
    """
    return scan(name, home).collect()


def scan(name: str, home: str | Path | None = None) -> pl.LazyFrame:
    """The rows of a table, read when and as far as they are asked for.

    Args:
        name: of the table, such as ``raw_predictions``.
        home: the folder of the data; default ``ERRORMAP_HOME``, else ``./errormap_home``.

    Raises:
        ContractError: there is no such table; the message names those there are.
        TableMissingError: there is no such home, or nothing has made the table in it yet.
    """
    load_contract(name)
    store = _store(home)
    if not store.exists(name):
        made = ", ".join(table for table in names() if store.exists(table)) or "none"
        raise TableMissingError(
            f"Table {name} has not been made yet. Run `errormap run` to make it. "
            f"Tables that were made: {made}."
        )
    return store.scan(name)


def _store(home: str | Path | None) -> Store:
    located = Home.locate(home)
    if not located.tables.is_dir():
        raise TableMissingError(
            f"{located.root} is no home: it has no tables. Name the home in the call, or in the "
            f"environment variable {HOME_VARIABLE}; `errormap land` makes one."
        )
    return Store(located.tables)
