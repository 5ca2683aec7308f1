"""The tables of a home in memory: read once, and again when their files have changed.

Only Parquet is read, never the warehouse, so readers and runs do not wait for each other.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import polars as pl

from errormap_dagster.errors import TableMissingError
from errormap_dagster.store import Partition, Store

Made = TypeVar("Made")
State = tuple[object, ...]
_BELIEVED_SECONDS = 1.0
"""Files are looked at once in this time, however many questions a page asks."""


class Tables:
    """What pages and reports read a home through.

    Args:
        store: the home's tables.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._made: dict[object, tuple[State, object]] = {}
        self._states: dict[str, tuple[float, State]] = {}
        self._lock = threading.RLock()

    def has(self, table: str) -> bool:
        """Whether anything was written of a table, with a contract or without."""
        return bool(self._state(table))

    def frame(self, table: str, without: Sequence[str] = ()) -> pl.DataFrame:
        """All rows of a table, kept in memory.

        Args:
            table: its name.
            without: columns to leave out, such as long texts.

        Raises:
            TableMissingError: nothing has made the table yet.
        """
        if not self.has(table):
            raise TableMissingError(
                f"Table {table} has not been made yet. Run `errormap run` to make it."
            )
        key = ("frame", table, *without)
        return self.kept(key, [table], lambda: self.scan(table).drop(without).collect())

    def scan(self, table: str, partition: Partition | None = None) -> pl.LazyFrame:
        """The rows of a table or of a part of it, read from its files when asked for."""
        return self.store.scan(table, partition)

    def kept(self, key: object, sources: Sequence[str], make: Callable[[], Made]) -> Made:
        """What ``make`` returns, made once for each state of the tables that it reads.

        Args:
            key: stands for what is made; hashable.
            sources: the tables that it is made from.
            make: makes it.
        """
        with self._lock:
            state = tuple(self._state(table) for table in sources)
            known = self._made.get(key)
            if known is None or known[0] != state:
                known = (state, make())
                self._made[key] = known
            return cast("Any", known[1])

    def _state(self, table: str) -> State:
        with self._lock:
            now = time.monotonic()
            read_at, state = self._states.get(table, (-_BELIEVED_SECONDS, ()))
            if now - read_at >= _BELIEVED_SECONDS:
                state = self.store.state(table)
                self._states[table] = (now, state)
            return state
