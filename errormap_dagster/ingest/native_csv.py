"""ErrorMap's own columns as CSV (RFC 4180, UTF-8), plain or gzip.

An unquoted empty field is a missing value and ``""`` is an empty text, which only a reader that
sees the quotes can tell apart. Every column is read as bytes, so that one row that is no UTF-8
costs that row alone.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.csv as pc

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.columns import require_columns
from errormap_dagster.ingest.compression import head_of, is_gzip
from errormap_dagster.ingest.decoding import decode
from errormap_dagster.ingest.interface import Batch, rejects

_BLOCK_BYTES = 16 * 2**20
"""A row must fit in a block; larger rows are met by reading on with larger blocks."""
_LARGEST_BLOCK_BYTES = 2**30


class NativeCsv:
    """Comma-separated predictions with a header."""

    name = "native_csv"

    def sniff(self, path: Path) -> bool:
        """Whether the first line is a header of several columns."""
        first = head_of(path).split(b"\n", 1)[0]
        return b"," in first and not first.lstrip(b"\xef\xbb\xbf \t").startswith((b"{", b"["))

    def read(self, path: Path) -> Iterator[Batch]:
        """Read block by block; a row that outgrows its block is read with a larger one."""
        n_given, block = 0, _BLOCK_BYTES
        while True:
            try:
                for batch in _read_blocks(path, block, skip=n_given):
                    yield batch
                    n_given += batch.rows.height + batch.rejects.height
            except pa.ArrowInvalid as error:
                if "straddling" not in str(error) or block >= _LARGEST_BLOCK_BYTES:
                    raise IngestError(f"{path}: is not readable as CSV: {error}") from error
                block *= 8
            except (OSError, EOFError) as error:
                raise IngestError(f"{path}: cannot be read to its end: {error}") from error
            else:
                return


class _InvalidRows:
    """Collects rows with a wrong number of fields; pyarrow counts the header as row 1."""

    def __init__(self) -> None:
        self.rows: dict[int, tuple[int, int, str]] = {}

    def __call__(self, row: Any) -> str:
        self.rows[row.number - 1] = (row.expected_columns, row.actual_columns, row.text)
        return "skip"

    def between(self, first: int, last: int) -> list[tuple[int, str, str, str]]:
        """The rejects with row numbers in ``first`` to ``last``."""
        return [
            (number, "malformed_row", f"has {found} fields, the header has {wanted}", text)
            for number, (wanted, found, text) in sorted(self.rows.items())
            if first <= number <= last
        ]


def _open(path: Path, block: int, names: list[str], invalid: _InvalidRows) -> Any:
    stream = pa.input_stream(path, compression="gzip" if is_gzip(path) else None)
    return pc.open_csv(
        stream,
        read_options=pc.ReadOptions(use_threads=False, block_size=block),
        parse_options=pc.ParseOptions(newlines_in_values=True, invalid_row_handler=invalid),
        convert_options=pc.ConvertOptions(
            column_types=dict.fromkeys(names, pa.binary()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _header(path: Path, block: int) -> list[str]:
    try:
        names = _open(path, block, [], _InvalidRows()).schema.names
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            raise IngestError(f"{path}: is empty. Land a file with a header.") from error
        raise
    except UnicodeDecodeError as error:
        raise IngestError(f"{path}: the header is no UTF-8. Save the file as UTF-8.") from error
    if len(set(names)) < len(names):
        raise IngestError(f"{path}: a column name occurs twice in the header: {names}")
    require_columns(path, names)
    return names


def _read_blocks(path: Path, block: int, skip: int) -> Iterator[Batch]:
    names = _header(path, block)
    invalid = _InvalidRows()
    last = 0
    for record_batch in _open(path, block, names, invalid):
        numbers = _row_numbers(record_batch.num_rows, last, invalid.rows)
        first, last = last + 1, (numbers[-1] if numbers else last)
        if last > skip:
            rows = pl.DataFrame(pl.from_arrow(record_batch))
            numbered = decode(rows.with_columns(pl.Series("row_number", numbers, pl.Int64)))
            yield Batch(
                numbered.filter(pl.col("row_number") > skip),
                rejects(invalid.between(max(first, skip + 1), last)),
            )
    if trailing := invalid.between(max(last, skip) + 1, 2**62):
        yield Batch(pl.DataFrame(schema={"row_number": pl.Int64}), rejects(trailing))


def _row_numbers(n_rows: int, last: int, invalid: dict[int, tuple[int, int, str]]) -> list[int]:
    """The numbers of the next valid rows: those that are not numbers of invalid ones."""
    numbers: list[int] = []
    number = last
    while len(numbers) < n_rows:
        number += 1
        if number not in invalid:
            numbers.append(number)
    return numbers
