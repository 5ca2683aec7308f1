"""ErrorMap's own columns as Parquet."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.choices import DEFAULTS, Reading
from errormap_dagster.ingest.columns import require_columns
from errormap_dagster.ingest.decoding import decode
from errormap_dagster.ingest.interface import Batch, SourceFormat, rejects

_MAGIC = b"PAR1"
_ROWS_AT_ONCE = 4096


def is_parquet(path: Path) -> bool:
    """Whether the file starts as Parquet does."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


class NativeParquet(SourceFormat):
    """Predictions in a Parquet file; columns may have any type that reads as text or number."""

    name = "native_parquet"

    def sniff(self, path: Path) -> bool:
        """Whether the file starts as Parquet does."""
        return is_parquet(path)

    def read(self, path: Path, reading: Reading = DEFAULTS) -> Iterator[Batch]:
        """Read some thousand rows at a time."""
        del reading
        try:
            with pq.ParquetFile(path) as file:
                require_columns(path, file.schema_arrow.names)
                yield from _batches(file)
        except (pa.ArrowException, OSError) as error:
            raise IngestError(f"{path}: is not readable as Parquet: {error}") from error


def _batches(file: pq.ParquetFile) -> Iterator[Batch]:
    last = 0
    for record_batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
        rows = pl.DataFrame(pl.from_arrow(record_batch))
        numbered = rows.with_row_index("row_number", offset=last + 1)
        last += rows.height
        yield Batch(
            _as_text(numbered.with_columns(pl.col("row_number").cast(pl.Int64))), rejects([])
        )


def _as_text(rows: pl.DataFrame) -> pl.DataFrame:
    columns = [name for name in rows.columns if name != "row_number"]
    decoded = decode(rows)
    return decoded.with_columns(_text(name, decoded.schema[name]) for name in columns)


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if kind.is_nested():
        encoded = pl.struct(column.alias("v")).struct.json_encode()
        return pl.when(column.is_not_null()).then(encoded.str.slice(5).str.head(-1)).alias(name)
    if kind.is_float() and name == "score":
        return column.cast(pl.Float64)
    return column.cast(pl.String)
