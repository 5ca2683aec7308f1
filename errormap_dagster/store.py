"""The tables of a home as folders of Parquet: written whole, read lazily.

A table is ``tables/<table>/``. A partitioned one holds a file per partition, in folders such as
``dataset=gsm8k/model=elm-7b/``; the partition's values also stand in the rows, so a reader never
has to understand the folders. Each file is written beside its place and then renamed, so a reader
sees the old rows or the new ones. Each carries the fingerprint of what it was made from.
"""

import uuid
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import polars as pl
import pyarrow.parquet as pq

from errormap_dagster.contracts.check import require
from errormap_dagster.contracts.registry import empty_frame
from errormap_dagster.domain.identity import content_id
from errormap_dagster.errors import TableMissingError

_SCHEMA_FILE = "_schema.parquet"
_DATA_FILE = "part.parquet"
_FINGERPRINT = b"errormap.fingerprint"
_LONGEST_FOLDER_NAME = 200
"""File systems stop at 255 bytes; a longer name keeps its head and a hash."""

Partition = Mapping[str, str]
WHOLE: Partition = {}
"""The one partition of a table that has none."""


class Written(NamedTuple):
    """What a write did."""

    n_rows: int
    n_bytes: int


def _folder_name(column: str, value: str) -> str:
    name = f"{column}={quote(value, safe=' ()@+,')}"
    if len(name) <= _LONGEST_FOLDER_NAME:
        return name
    return f"{name[:_LONGEST_FOLDER_NAME]}~{content_id(value, length=16)}"


def _arrow(frame: pl.DataFrame) -> Any:
    # The oldest layout is the one that every reader of Parquet, DuckDB included, understands.
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


class Store:
    """Reads and writes the tables below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._declared: set[str] = set()

    def folder(self, table: str) -> Path:
        """The folder of a table."""
        return self._root / table

    def _path(self, table: str, partition: Partition) -> Path:
        folders = [_folder_name(column, value) for column, value in partition.items()]
        return self.folder(table).joinpath(*folders, _DATA_FILE)

    def declare(self, table: str) -> None:
        """Write the table's schema as a file of no rows, so that readers of an empty table work."""
        if table in self._declared:
            return
        path = self.folder(table) / _SCHEMA_FILE
        # A release with another contract: readers of all files of a table ask for one schema.
        if not path.exists() or pl.read_parquet_schema(path) != empty_frame(table).schema:
            self._replace(path, [empty_frame(table)], {})
        self._declared.add(table)

    def write(
        self,
        table: str,
        frames: pl.DataFrame | Iterable[pl.DataFrame],
        fingerprint: str,
        partition: Partition = WHOLE,
    ) -> Written:
        """Replace one partition with the rows of ``frames``, one row group per frame.

        Raises:
            ContractError: a frame breaks the table's contract; the old rows stay.
        """
        self.declare(table)
        parts = [frames] if isinstance(frames, pl.DataFrame) else frames
        path = self._path(table, partition)
        checked = (require(table, part) for part in parts)
        n_rows = self._replace(path, checked, {_FINGERPRINT: fingerprint.encode()}, table)
        return Written(n_rows, path.stat().st_size)

    def _replace(
        self,
        path: Path,
        frames: Iterable[pl.DataFrame],
        metadata: dict[bytes, bytes],
        table: str | None = None,
    ) -> int:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        schema = _arrow(empty_frame(table or path.parent.name)).schema.with_metadata(metadata)
        n_rows = 0
        try:
            with pq.ParquetWriter(beside, schema, compression="zstd") as writer:
                for frame in frames:
                    writer.write_table(_arrow(frame).replace_schema_metadata(metadata))
                    n_rows += frame.height
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
        return n_rows

    def fingerprint(self, table: str, partition: Partition = WHOLE) -> str | None:
        """What a partition was made from, or None when it was never written."""
        path = self._path(table, partition)
        try:
            stat = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _fingerprint_in(path, stat.st_ino, stat.st_mtime_ns, stat.st_size)

    def n_rows(self, table: str, partition: Partition = WHOLE) -> int:
        """Rows of one partition, read from the file's footer; 0 when it was never written."""
        path = self._path(table, partition)
        return pq.read_metadata(path).num_rows if path.exists() else 0

    def n_bytes(self, table: str, partition: Partition = WHOLE) -> int:
        """Bytes of one partition before compression, from the file's footer; 0 without a file."""
        path = self._path(table, partition)
        if not path.exists():
            return 0
        told = pq.read_metadata(path)
        return sum(told.row_group(n).total_byte_size for n in range(told.num_row_groups))

    def exists(self, table: str) -> bool:
        """Whether any partition of the table was ever written."""
        return any(self._files(table))

    def state(self, table: str) -> tuple[tuple[str, int, int], ...]:
        """What tells whether any file was replaced: path, time of change and size of each."""
        stats = ((str(path), path.stat()) for path in self._files(table))
        return tuple((path, stat.st_mtime_ns, stat.st_size) for path, stat in stats)

    def _files(self, table: str, partition: Partition = WHOLE) -> list[Path]:
        """The files of a partition, and of those below it, sorted; no other folder is looked at."""
        return sorted(self._path(table, partition).parent.rglob(_DATA_FILE))

    def scan(self, table: str, partition: Partition | None = None) -> pl.LazyFrame:
        """The rows of one partition, or of the whole table, in a fixed order; none is no error.

        A partition that names only the first folder (a dataset) takes all below it.
        """
        paths = self._files(table, partition or WHOLE)
        if not paths:
            return empty_frame(table).lazy()
        return pl.scan_parquet(paths, hive_partitioning=False, glob=False)

    def read(self, table: str) -> pl.DataFrame:
        """All rows of a table.

        Raises:
            TableMissingError: nothing has made the table yet.
        """
        if not self.exists(table):
            raise TableMissingError(
                f"Table {table} has not been made yet. Run `errormap run` to make it."
            )
        return self.scan(table).collect()

    def partitions(self, table: str, columns: list[str]) -> list[dict[str, str]]:
        """The partitions that were written, as column values, sorted by folder."""
        found: list[dict[str, str]] = []
        for path in self._files(table):
            folders = path.parent.relative_to(self.folder(table)).parts
            if any("~" in folder for folder in folders):
                row = pl.scan_parquet(path).select(columns).head(1).collect()
                found += row.to_dicts()
            else:
                found.append({f.split("=", 1)[0]: unquote(f.split("=", 1)[1]) for f in folders})
        return found

    def remove(self, table: str, partition: Partition) -> None:
        """Take a partition away, rows and folder."""
        path = self._path(table, partition)
        path.unlink(missing_ok=True)
        for folder in (path.parent, path.parent.parent):
            if folder not in (self.folder(table), self._root) and folder.is_dir():
                _remove_if_empty(folder)


@lru_cache(maxsize=50_000)
def _fingerprint_in(path: Path, *_state: int) -> str:
    """Read from the footer once for each state of the file: a table that is replaced is another."""
    metadata = pq.read_schema(path).metadata or {}
    return metadata.get(_FINGERPRINT, b"").decode()


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()
