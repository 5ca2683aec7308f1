"""Bytes to text, row by row where some bytes are no text."""

from collections.abc import Sequence

import polars as pl


def decode(rows: pl.DataFrame) -> pl.DataFrame:
    r"""All columns of bytes as text, with ``is_undecodable`` for rows whose bytes are no UTF-8.

    Bytes that are no text are shown by their number, such as ``\xe9`` for a Latin-1 é.
    """
    columns = [name for name, kind in rows.schema.items() if kind == pl.Binary]
    try:
        return rows.with_columns(
            pl.col(columns).cast(pl.String), is_undecodable=pl.lit(value=False)
        )
    except pl.exceptions.ComputeError:
        return _decode_one_by_one(rows, columns)


def _decode_one_by_one(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    broken = [False] * rows.height
    decoded: list[pl.Series] = []
    for name in columns:
        texts: list[str | None] = []
        for index, value in enumerate(rows[name]):
            text = None if value is None else value.decode("utf-8", "backslashreplace")
            broken[index] |= text is not None and text.encode() != value
            texts.append(text)
        decoded.append(pl.Series(name, texts, pl.String))
    return rows.with_columns(*decoded, pl.Series("is_undecodable", broken, pl.Boolean))
