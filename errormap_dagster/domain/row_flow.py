"""Where every error went from one version of a taxonomy to another.

A place is a category, or the status of an error without one; ``absent`` is the place of an error
that only the other version was given. So the flow sums to the errors of either version.
"""

from typing import Final

import polars as pl

ABSENT: Final = "absent"
_EXAMPLES: Final = 3

FLOW_SCHEMA = pl.Schema(
    {
        "from_category_id": pl.String(),
        "to_category_id": pl.String(),
        "n_errors": pl.Int64(),
        "example_prediction_ids": pl.List(pl.String()),
    }
)


def row_flow(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """How many errors went from each place to each, with the first three of each by id.

    Args:
        before: assignments of one version: prediction_id, category_id, status.
        after: assignments of another one.

    Returns:
        A frame of ``FLOW_SCHEMA``, sorted by its places; none has n_errors 0.
    """
    placed = [
        frame.select("prediction_id", pl.coalesce("category_id", "status").alias(name))
        for frame, name in ((before, "from_category_id"), (after, "to_category_id"))
    ]
    ends = ["from_category_id", "to_category_id"]
    return (
        placed[0]
        .join(placed[1], on="prediction_id", how="full", coalesce=True)
        .with_columns(pl.col(ends).fill_null(ABSENT))
        .sort("prediction_id")
        .group_by(ends, maintain_order=True)
        .agg(
            n_errors=pl.len().cast(pl.Int64),
            example_prediction_ids=pl.col("prediction_id").head(_EXAMPLES),
        )
        .cast(FLOW_SCHEMA)
        .sort(ends)
    )
