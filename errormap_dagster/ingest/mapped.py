"""Files in no known format, read by a mapping that ``errormap.yaml`` declares."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

import jmespath
import jmespath.exceptions
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.choices import DEFAULTS, FileMapping, Reading
from errormap_dagster.ingest.compression import head_of
from errormap_dagster.ingest.interface import Batch, SourceFormat
from errormap_dagster.ingest.json_document import elements, first_keys, members
from errormap_dagster.ingest.json_lines import Line, lines
from errormap_dagster.ingest.native_csv import read_csv
from errormap_dagster.ingest.native_parquet import is_parquet
from errormap_dagster.ingest.rows import Kept, Record, Rejected, batched

_ROWS_AT_ONCE = 256


class Mapped(SourceFormat):
    """Files that a declared mapping reads."""

    name = "mapped"

    def __init__(self, mapping: FileMapping) -> None:
        self._mapping = mapping

    def sniff(self, path: Path) -> bool:
        """Whether the mapping's pattern matches the end of the path."""
        pattern = self._mapping.files
        return pattern is not None and PurePath(path).match(pattern)

    def read(self, path: Path, reading: Reading = DEFAULTS) -> Iterator[Batch]:
        """Read Parquet, a JSON document, JSON Lines or CSV, whichever the file is."""
        del reading
        head = head_of(path).removeprefix(b"\xef\xbb\xbf").lstrip()
        if is_parquet(path) or head.startswith((b"{", b"[")):
            yield from batched(self._records(path))
        else:
            for batch in read_csv(path, self._require):
                yield batch._replace(rows=self._renamed(batch.rows, path))

    def _require(self, path: Path, found: list[str]) -> None:
        if missing := sorted(set(self._mapping.columns.values()) - set(found)):
            raise IngestError(
                f"{path}: mappings.{self._mapping.name} in errormap.yaml reads columns that are "
                f"not there: {', '.join(missing)}; found: {', '.join(found[:20])}."
            )

    def _renamed(self, rows: pl.DataFrame, path: Path) -> pl.DataFrame:
        if "is_undecodable" not in rows.columns:
            return rows
        mapped = [pl.col(theirs).alias(ours) for ours, theirs in self._mapping.columns.items()]
        same = [pl.lit(value).alias(ours) for ours, value in self._values(path).items()]
        return rows.select("row_number", "is_undecodable", *mapped, *same)

    def _values(self, path: Path) -> dict[str, str]:
        names = {"{folder}": path.parent.name, "{stem}": path.name.split(".", 1)[0]}
        return {ours: _filled(value, names) for ours, value in self._mapping.values.items()}

    def _records(self, path: Path) -> Iterator[Record]:
        same = self._values(path)
        for number, row in self._rows(path):
            if isinstance(row, Rejected):
                yield row
            elif not isinstance(row, Mapping):
                yield Rejected(number, "malformed_row", "is no JSON object", row)
            else:
                columns = self._mapping.columns.items()
                values = {ours: self._value(row, theirs, path) for ours, theirs in columns}
                yield Kept(number, {**same, **values})

    def _value(self, row: Mapping[str, Any], theirs: str, path: Path) -> Any:
        """The column of exactly that name, else the value at that JMESPath."""
        if theirs in row:
            return row[theirs]
        try:
            return jmespath.search(theirs, row)
        except jmespath.exceptions.JMESPathError as error:
            where = f"mappings.{self._mapping.name}.columns in errormap.yaml"
            raise IngestError(f"{path}: {where} is no JMESPath: {error}") from error

    def _rows(self, path: Path) -> Iterator[tuple[int, Any]]:
        if is_parquet(path):
            yield from enumerate(_parquet_rows(path), start=1)
        elif head_of(path).lstrip().startswith(b"["):
            yield from enumerate(elements(path), start=1)
        elif self._mapping.records:
            yield from enumerate(_listed(path, self._mapping.records), start=1)
        else:
            for line in lines(path):
                yield line.number, line.value if isinstance(line, Line) else line


def _filled(value: str, names: Mapping[str, str]) -> str:
    for mark, name in names.items():
        value = value.replace(mark, name)
    return value


def _listed(path: Path, records: str) -> Iterator[Any]:
    """The rows below a key of a document; a list at its top is read element by element."""
    key, _, rest = records.partition(".")
    is_there = False
    for name, value in members(path, () if rest else {key}):
        if name == key:
            is_there = True
            yield from (jmespath.search(rest, value) or ()) if rest else (value,)
    if not is_there:
        raise IngestError(
            f"{path}: has no {key!r} that the mapping's records name; it has "
            f"{', '.join(first_keys(path)) or 'no keys'}."
        )


def _parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise IngestError(f"{path}: is not readable as Parquet: {error}") from error
