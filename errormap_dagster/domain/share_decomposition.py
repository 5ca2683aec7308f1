"""Why a share moved between two refreshes: failures that came or went, or another category.

Let K be the errors that both refreshes count. The change of a share is, in three steps,

    share before -> share in K, old categories -> share in K, new categories -> share after.

The first and the last step are what failures that came or went make of it, the middle one is what
errors make whose category is another now. Inside K both sides carry the weights of now. Where K is
empty all of the change is the first kind.
"""

from collections.abc import Sequence

import polars as pl

from errormap_dagster.domain.records import Category
from errormap_dagster.domain.signature import ALL_DATASETS, place_errors

_GROUP = ["model", "dataset", "depth"]
_KEY = [*_GROUP, "category_id"]
_SHARES = ["before", "kept_before", "kept_after", "after"]


def decompose_shares(
    before: pl.DataFrame,
    after: pl.DataFrame,
    categories_before: Sequence[Category],
    categories_after: Sequence[Category],
) -> pl.DataFrame:
    """The change of every share of one taxonomy between two refreshes.

    Args:
        before: the errors that the earlier refresh counts: prediction_id, dataset, model,
            category_id, status, sampling_weight.
        after: those of the later one.
        categories_before: of the version in force then.
        categories_after: of the version in force now.

    Returns:
        One row per model, dataset or "all", depth and category that either counts, sorted:
        n_errors and error_share (after), previous_error_share, new_failures_change and
        recategorised_change, which add up to the change; the last three are null for a model and
        dataset that the earlier one does not count. Groups that are gone have no rows.
    """
    # Both sides of K carry the weights of now, so that only the categories differ.
    kept_before = before.drop("sampling_weight").join(
        after.select("prediction_id", "sampling_weight"), on="prediction_id"
    )
    kept_after = after.join(before.select("prediction_id"), on="prediction_id", how="semi")
    deepest = max((c.depth for c in (*categories_before, *categories_after)), default=1)
    sides = zip(
        _SHARES,
        (before, kept_before, kept_after, after),
        (categories_before, categories_before, categories_after, categories_after),
        strict=True,
    )
    shares = pl.concat(
        _shares(rows, categories, depth).with_columns(side=pl.lit(side))
        for side, rows, categories in sides
        for depth in range(1, deepest + 1)
    )
    return _changes(shares)


def _shares(rows: pl.DataFrame, categories: Sequence[Category], depth: int) -> pl.DataFrame:
    by_dataset = place_errors(rows, categories, depth)
    placed = pl.concat(
        [by_dataset, by_dataset.with_columns(dataset=pl.lit(ALL_DATASETS))]
    ).with_columns(depth=pl.lit(depth, pl.Int64))
    weight = pl.col("sampling_weight").sum()
    counted = placed.group_by(_KEY, maintain_order=True).agg(
        n_errors=pl.len().cast(pl.Int64), weight=weight
    )
    totals = placed.group_by(_GROUP, maintain_order=True).agg(total=weight)
    share = pl.col("weight") / pl.col("total")
    return counted.join(totals, on=_GROUP).select(*_KEY, "n_errors", share=share)


def _changes(shares: pl.DataFrame) -> pl.DataFrame:
    wide = shares.select(_KEY).unique()
    for side in _SHARES:
        of_side = shares.filter(pl.col("side") == side)
        columns = [*_KEY, pl.col("share").alias(side), pl.col("n_errors").alias(f"n_{side}")]
        groups = (
            of_side.select(_GROUP).unique().with_columns(pl.lit(value=True).alias(f"in_{side}"))
        )
        wide = wide.join(of_side.select(columns), on=_KEY, how="left")
        wide = wide.join(groups, on=_GROUP, how="left")
    filled = wide.filter("in_after").with_columns(pl.col(_SHARES).fill_null(0.0))
    is_known = pl.col("in_before").fill_null(value=False)
    has_kept = pl.col("in_kept_after").fill_null(value=False)
    moved = pl.when(has_kept).then(pl.col("kept_after") - pl.col("kept_before")).otherwise(0.0)
    came = (
        pl.when(has_kept)
        .then(pl.col("after") - pl.col("kept_after") + (pl.col("kept_before") - pl.col("before")))
        .otherwise(pl.col("after") - pl.col("before"))
    )
    return filled.select(
        *_KEY,
        n_errors=pl.col("n_after").fill_null(0),
        error_share=pl.col("after"),
        previous_error_share=pl.when(is_known).then("before"),
        new_failures_change=pl.when(is_known).then(came),
        recategorised_change=pl.when(is_known).then(moved),
    ).sort(_KEY)
