"""Which failures the judge reads, and how many failures each of them stands for.

A failure's place in line is a seeded hash of its prediction_id, so the draw does not depend on
positions, on other models, or on when a row landed.
"""

from dataclasses import dataclass

import polars as pl

from errormap_dagster.domain.identity import hash_fraction


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """How much of each evaluation is read.

    ``share`` is in (0, 1]. The minimum outranks the share, and the cap outranks the minimum.
    """

    share: float = 1.0
    cap_per_evaluation: int | None = None
    minimum_per_evaluation: int = 10
    seed: int = 0

    def size(self, n_below_share: int, n_failures: int) -> int:
        """How many of ``n_failures`` are read when so many have a draw below the share."""
        size = max(n_below_share, min(self.minimum_per_evaluation, n_failures))
        return size if self.cap_per_evaluation is None else min(size, self.cap_per_evaluation)


def sample_failures(failures: pl.DataFrame, plan: SamplingPlan) -> pl.DataFrame:
    """Mark the failures that the judge reads, stratified by evaluation (dataset, model).

    Returns:
        The rows of ``failures``, sorted by prediction_id, with ``is_sampled`` and
        ``sampling_weight``: failures of the evaluation per sampled failure, the same for all rows
        of an evaluation, so that the weights of its sampled rows sum to its failures.
    """
    if failures.is_empty():
        empty = pl.lit(None, pl.Boolean).alias("is_sampled")
        return failures.with_columns(empty, sampling_weight=pl.lit(None, pl.Float64))
    draws = [hash_fraction(plan.seed, key) for key in failures["prediction_id"]]
    drawn = failures.with_columns(pl.Series("draw", draws, pl.Float64))
    strata = drawn.partition_by(["dataset", "model"], maintain_order=True)
    marked = pl.concat([_mark(stratum, plan) for stratum in strata])
    return marked.drop("draw").sort("prediction_id")


def _mark(stratum: pl.DataFrame, plan: SamplingPlan) -> pl.DataFrame:
    n_below = stratum.filter(pl.col("draw") < plan.share).height
    size = plan.size(n_below, stratum.height)
    return (
        stratum.lazy()
        .sort("draw", "prediction_id")
        .with_row_index("place")
        .with_columns(
            is_sampled=pl.col("place") < size,
            sampling_weight=pl.lit(stratum.height / size, pl.Float64),
        )
        .drop("place")
        .collect()
    )
