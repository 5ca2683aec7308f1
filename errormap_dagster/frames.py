"""Frames that hold no more memory than their rows need."""

import polars as pl


def collected(rows: pl.LazyFrame) -> pl.DataFrame:
    """The rows, read in parts, with texts of their own.

    A few rows out of a large file would otherwise keep all the texts of the file in memory:
    what the streaming engine gives are views into the parts that it read.
    """
    found = rows.collect(engine="streaming")
    # This layout has no views, so the texts of the rows are copied and the others let go.
    copied = found.to_arrow(compat_level=pl.CompatLevel.oldest())
    return pl.DataFrame(copied, schema=found.schema)
