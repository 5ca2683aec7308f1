"""Weighted shares of categories with intervals that respect weights and dependence.

The estimator is a ratio of weighted totals. Its variance is linearised (Särndal, Swensson and
Wretman 1992, section 5.6) over examples as the primary units, because failures of one example, by
several models or in several trials, are alike; datasets are strata. The categories of a signature
share one design effect, the first-order correction of Rao and Scott (1981), which is steady where
a category has few errors. The interval is Wilson's (1927) at the effective sample size.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

_ALPHA = 0.05
_UNIT = ["dataset", "example_id"]


def weighted_shares(errors: pl.DataFrame, totals: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """The share of each category among the errors of each group.

    Args:
        errors: one row per judged error: the columns of ``by``, dataset, example_id, category_id
            and sampling_weight. Sums of floats depend on their order: sorted rows give the same
            bytes every time.
        totals: one row per group and dataset: the columns of ``by``, dataset, n_predictions and
            n_failures.
        by: the columns that name a group.

    Returns:
        One row per group and category that occurs: n_errors, error_share, and n_effective, the
        number of independent errors of equal weight that would say as much.
    """
    by = list(by)
    weight = pl.col("sampling_weight")
    shares = (
        errors.group_by([*by, "category_id"], maintain_order=True)
        .agg(n_errors=pl.len().cast(pl.Int64), weight=weight.sum())
        .with_columns(error_share=pl.col("weight") / pl.col("weight").sum().over(by))
    )
    sizes = _effective_sizes(errors, totals, shares, by)
    return shares.join(sizes, on=by, maintain_order="left").drop("weight")


def _effective_sizes(
    errors: pl.DataFrame, totals: pl.DataFrame, shares: pl.DataFrame, by: list[str]
) -> pl.DataFrame:
    """One row per group: n_effective, after Rao and Scott's mean design effect."""
    share = pl.col("error_share")
    per_share = _variances(errors, totals, shares, by).with_columns(
        relative=pl.col("variance") / share
    )
    units = errors.group_by(list(dict.fromkeys([*by, *_UNIT])), maintain_order=True).agg(
        pl.sum("sampling_weight")
    )
    weight = pl.col("sampling_weight")
    # With one category alone there is no variance to see; whole examples are what was drawn.
    drawn = units.group_by(by, maintain_order=True).agg(
        n_drawn=weight.sum() ** 2 / (weight**2).sum()
    )
    counted = per_share.group_by(by, maintain_order=True).agg(
        n=pl.sum("n_errors"), n_categories=pl.len(), relative=pl.sum("relative")
    )
    corrected = (pl.col("n_categories") - 1) / pl.col("relative")
    size = (
        pl.when(pl.col("n_categories") > 1, pl.col("relative") > 0)
        .then(corrected)
        .otherwise("n_drawn")
    )
    bounded = pl.min_horizontal(size, pl.col("n").cast(pl.Float64))
    return counted.join(drawn, on=by, maintain_order="left").select(*by, n_effective=bounded)


def _variances(
    errors: pl.DataFrame, totals: pl.DataFrame, shares: pl.DataFrame, by: list[str]
) -> pl.DataFrame:
    """The rows of ``shares`` with the linearised variance of each, summed over datasets."""
    key = list(dict.fromkeys([*by, "dataset"]))
    strata = _strata(errors, totals, key)
    cells = _cells(errors, key)
    crossed = strata.join(
        shares.select(*by, "category_id", "error_share"), on=by, maintain_order="left"
    ).join(cells, on=[*key, "category_id"], how="left", maintain_order="left")
    filled = crossed.with_columns(pl.col("squares", "products", "weight").fill_null(0.0))
    p, n_units = pl.col("error_share"), pl.col("n_units")
    # Residuals of units are weight in the category - share x weight of the unit.
    squares = (pl.col("squares") - 2 * p * pl.col("products") + p**2 * pl.col("unit_squares")).clip(
        0.0
    )
    rest = pl.col("weight") - p * pl.col("total")
    spread = (
        pl.when(n_units > 1)
        .then((squares - rest**2 / n_units).clip(0.0) * n_units / (n_units - 1))
        .otherwise(squares)
        # A sample of independent errors of equal weight is then what Wilson's interval is for.
        * pl.when(n_units > 1).then((pl.col("n") - 1) / pl.col("n")).otherwise(1.0)
    )
    # How many predictions fail is chance too: it moves the parts of the datasets in the whole.
    n_failures = pl.col("n_failures")
    mixing = n_failures * (1 - n_failures / pl.col("n_predictions")) * (rest / pl.col("total")) ** 2
    summed = filled.group_by([*by, "category_id"], maintain_order=True).agg(
        variance=(spread + mixing).sum() / pl.sum("total") ** 2
    )
    return shares.join(summed, on=[*by, "category_id"], maintain_order="left")


def _strata(errors: pl.DataFrame, totals: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """One row per group and dataset: its errors, its examples and its weights."""
    units = errors.group_by([*key, "example_id"], maintain_order=True).agg(
        n=pl.len(), unit=pl.sum("sampling_weight")
    )
    unit = pl.col("unit")
    return (
        units.group_by(key, maintain_order=True)
        .agg(n_units=pl.len(), n=pl.sum("n"), total=unit.sum(), unit_squares=(unit**2).sum())
        .with_columns(pl.col("n_units", "n").cast(pl.Float64))
        .join(totals, on=key, maintain_order="left")
    )


def _cells(errors: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """One row per group, dataset and category: sums over examples of its weights."""
    unit = pl.sum("sampling_weight").over([*key, "example_id"])
    per_unit = (
        errors.with_columns(unit=unit)
        .group_by([*key, "example_id", "category_id"], maintain_order=True)
        .agg(pl.sum("sampling_weight"), pl.first("unit"))
    )
    weight = pl.col("sampling_weight")
    return per_unit.group_by([*key, "category_id"], maintain_order=True).agg(
        squares=(weight**2).sum(), products=(weight * pl.col("unit")).sum(), weight=weight.sum()
    )


def with_intervals(shares: pl.DataFrame) -> pl.DataFrame:
    """The rows with error_share_low and error_share_high, Wilson's interval at n_effective."""
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
