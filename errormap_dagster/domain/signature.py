"""Failure signatures: how the errors of a model spread over the categories of a taxonomy.

A signature is the vector of shares E_k of arXiv 2601.15812, section 3, over judged errors and
weighted by the inverse inclusion share of each, so that a sample speaks for all failures. Unlike
the reference, errors without a category are counted ("other", "unassigned"), and each share has an
interval. The interval is Wilson's score interval (Wilson 1927) at the effective sample size of
Kish (1965), n_eff = (sum of weights)^2 / sum of squared weights.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import category_paths

ALL_DATASETS = "all"
"""The value of ``dataset`` in rows over all datasets of a model."""
_ALPHA = 0.05
_GROUP = ["model", "dataset"]


def signatures(
    assignments: pl.DataFrame,
    evaluations: pl.DataFrame,
    categories: Sequence[Category],
    *,
    taxonomy: str,
    version: int,
) -> pl.DataFrame:
    """Rows of ``signatures`` for one taxonomy version.

    At each depth an error counts in its category of that depth, or in its own where the tree ends
    above; without a category it counts as its status. A model without a judged error has no rows.

    Args:
        assignments: one row per judged error of this version: prediction_id, dataset, model,
            category_id, status and sampling_weight.
        evaluations: one row per dataset and model: n_predictions, n_failures and n_judged.
        categories: of this version.
        taxonomy: its name.
        version: its number.
    """
    if assignments.is_empty():
        return pl.DataFrame(schema=polars_schema("signatures"))
    totals = (
        _with_all(evaluations)
        .group_by(_GROUP)
        .agg(pl.sum("n_predictions", "n_failures", "n_judged"))
    )
    depths = range(1, max((category.depth for category in categories), default=1) + 1)
    counted = [_shares_at_depth(assignments, categories, depth) for depth in depths]
    rows = (
        _with_intervals(pl.concat(counted))
        .join(totals, on=_GROUP)
        .with_columns(
            taxonomy=pl.lit(taxonomy),
            version=pl.lit(version, pl.Int64),
            failure_rate=pl.col("n_failures") / pl.col("n_predictions"),
        )
    )
    schema = polars_schema("signatures")
    order = ["taxonomy", "version", "model", "dataset", "depth", "category_id"]
    return rows.select(schema.names()).cast(schema).sort(order)


def _with_all(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows once under their dataset and once under "all"."""
    return pl.concat([rows, rows.with_columns(dataset=pl.lit(ALL_DATASETS))])


def placed_at_depth(
    assignments: pl.DataFrame, categories: Sequence[Category], depth: int
) -> pl.DataFrame:
    """The assignments by model and dataset or "all", each with its category of one depth.

    An error without a category has its status there.
    """
    at_depth = {name: path[:depth][-1] for name, path in category_paths(categories).items()}
    place = pl.col("category_id").replace_strict(at_depth, default=None, return_dtype=pl.String)
    # Sums of floats depend on their order: sorted rows give the same bytes every time.
    return _with_all(
        assignments.with_columns(category_id=pl.coalesce(place, "status")).sort("prediction_id")
    )


def _shares_at_depth(
    assignments: pl.DataFrame, categories: Sequence[Category], depth: int
) -> pl.DataFrame:
    placed = placed_at_depth(assignments, categories, depth)
    weight = pl.col("sampling_weight")
    per_category = placed.group_by([*_GROUP, "category_id"], maintain_order=True).agg(
        n_errors=pl.len().cast(pl.Int64), weight=weight.sum()
    )
    sums = placed.group_by(_GROUP, maintain_order=True).agg(
        total=weight.sum(), n_effective=weight.sum() ** 2 / (weight**2).sum()
    )
    share = pl.col("weight") / pl.col("total")
    return per_category.join(sums, on=_GROUP).with_columns(
        depth=pl.lit(depth, pl.Int64), error_share=share
    )


def _with_intervals(shares: pl.DataFrame) -> pl.DataFrame:
    low, high = wilson_interval(shares["error_share"].to_numpy(), shares["n_effective"].to_numpy())
    return shares.with_columns(
        pl.Series("error_share_low", low), pl.Series("error_share_high", high)
    )


def wilson_interval(share: np.ndarray, n_effective: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's 95 % score interval of shares, both ends in 0 to 1.

    Args:
        share: weighted shares, shape (n,).
        n_effective: effective sample sizes, above 0, shape (n,); they need not be whole.

    Returns:
        Low and high ends, each of shape (n,); they enclose the share.
    """
    from statsmodels.stats.proportion import (  # noqa: PLC0415 - seconds of import, used here alone
        proportion_confint,
    )

    low, high = proportion_confint(share * n_effective, n_effective, alpha=_ALPHA, method="wilson")
    return np.clip(low, 0.0, share), np.clip(high, share, 1.0)
