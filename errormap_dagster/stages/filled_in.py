"""Files that people fill in and give back, and those in the home that keep what they said."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from errormap_dagster.errors import ErrorMapError

FIRST_ROW = 2
"""Number of the first row below the names of the columns, as spreadsheets count."""


def filled_in(
    path: Path, filled: str, needed: Sequence[str], optional: Sequence[str], export: str
) -> pl.DataFrame:
    """The rows of a CSV in which a person has said something, as text.

    Args:
        path: of the file.
        filled: the column that holds what they said.
        needed: names of other columns that the file must have.
        optional: names of columns that are null where the file lacks them.
        export: the command that writes such a file.

    Returns:
        The file's columns, the optional ones, and row: the number of the row in the file.

    Raises:
        ErrorMapError: the file is no CSV or lacks a column.
    """
    try:
        read = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        first_line = str(error).partition("\n")[0]
        raise ErrorMapError(f"{path}: cannot be read as CSV: {first_line}") from error
    for name in (*needed, filled):
        if name not in read.columns:
            raise ErrorMapError(f"{path}: lacks the column {name!r}; see `{export}`.")
    missing = [pl.lit(None, pl.String).alias(name) for name in optional if name not in read.columns]
    numbered = read.with_columns(missing).with_row_index("row", offset=FIRST_ROW)
    return numbered.filter(pl.col(filled).fill_null("").str.strip_chars() != "")


def keep(rows: pl.DataFrame, path: Path) -> None:
    """Write a file of the home whole: a reader sees the old rows or the new ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".tmp")
    rows.write_csv(beside)
    beside.replace(path)
