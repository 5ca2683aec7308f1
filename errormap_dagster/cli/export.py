"""``errormap export``: a table as a file for other tools."""

import uuid
from collections.abc import Callable
from pathlib import Path

import polars as pl

from errormap_dagster.cli import console
from errormap_dagster.contracts.registry import load_contract
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.project import Project

_FORMULA_START = r"^[\s\x00]*[=+\-@\t\r]"
"""Cells that a spreadsheet would run; model outputs are untrusted."""


def spreadsheet_safe(frame: pl.DataFrame) -> pl.DataFrame:
    """Nested columns as JSON text, and a leading apostrophe where a cell could be a formula."""
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    flat = frame.with_columns(_as_json(frame, name) for name in nested)
    return flat.with_columns(
        pl.when(pl.col(name).str.contains(_FORMULA_START))
        .then(pl.lit("'") + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name, kind in flat.schema.items()
        if kind == pl.String
    )


def _as_json(frame: pl.DataFrame, name: str) -> pl.Series:
    wrapped = frame.select(pl.struct(pl.col(name)).struct.json_encode()).to_series()
    prefix = len(f'{{"{name}":')
    return wrapped.str.slice(prefix).str.head(-1).alias(name)


_WRITERS: dict[str, Callable[[pl.DataFrame, Path], None]] = {
    ".csv": lambda frame, path: spreadsheet_safe(frame).write_csv(path, quote_style="non_numeric"),
    ".parquet": lambda frame, path: frame.write_parquet(path),
    ".jsonl": lambda frame, path: frame.write_ndjson(path),
}


def export_table(home: Path | None, table: str, to: Path) -> int:
    """Write a whole table to a file, all of it or nothing.

    Raises:
        ContractError: there is no such table.
        ErrorMapError: the file's ending is not one of .csv, .parquet, .jsonl, or its folder is
            missing.
        TableMissingError: nothing has made the table yet.
    """
    load_contract(table)
    require_writable(to)
    frame = Project.open(home).store.read(table)
    write_frame(frame, to)
    console.say(f"{frame.height} rows of {table} written to {to}")
    return 0


def require_writable(to: Path) -> None:
    """Make sure that a frame can be written to a file of this name.

    Raises:
        ErrorMapError: the ending is not one of .csv, .parquet, .jsonl, or the folder is missing.
    """
    if to.suffix not in _WRITERS:
        raise ErrorMapError(f"{to}: the ending must be one of {', '.join(_WRITERS)}.")
    if not to.parent.is_dir():
        raise ErrorMapError(f"{to}: the folder {to.parent} does not exist. Make it first.")


def write_frame(frame: pl.DataFrame, to: Path) -> None:
    """Write a frame to a file, all of it or nothing; CSV cells cannot become formulas.

    Raises:
        ErrorMapError: as of ``require_writable``.
    """
    require_writable(to)
    beside = to.with_name(f".{to.name}.{uuid.uuid4().hex}.tmp")
    try:
        _WRITERS[to.suffix](frame, beside)
        beside.replace(to)
    finally:
        beside.unlink(missing_ok=True)
