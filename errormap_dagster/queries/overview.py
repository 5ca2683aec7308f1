"""What the home holds: how much landed, what became of the failures, what stands out."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from errormap_dagster.queries.errors import OUTCOMES, Version, error_rows, evaluation_rows
from errormap_dagster.queries.tables import Tables

_KEY = ["dataset", "model"]


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts over the home.

    Attributes:
        n_datasets: datasets.
        n_models: models.
        n_predictions: predictions.
        n_failures: failures.
        outcomes: failures by outcome, in the ledger's order, those that occur.
        judges: failures read, by judge.
        evaluations: one row per evaluation: n_predictions, n_failures, failure_rate (0 to 1) and a
            count per outcome.
    """

    n_datasets: int
    n_models: int
    n_predictions: int
    n_failures: int
    outcomes: dict[str, int]
    judges: dict[str, int]
    evaluations: list[dict[str, Any]]

    @property
    def n_judged(self) -> int:
        """Failures that a judge read."""
        return sum(self.judges.values())

    @property
    def n_assigned(self) -> int:
        """Errors in a category."""
        return self.outcomes.get("assigned", 0)


def overview(tables: Tables, version: Version) -> Overview:
    """What the home holds, its outcomes under one taxonomy version."""
    errors = error_rows(tables, version)
    predictions = evaluation_rows(tables)
    counted = dict(errors.group_by("outcome").len().iter_rows())
    judged = errors.filter(pl.col("judge").is_not_null()).group_by("judge").len().sort("judge")
    return Overview(
        n_datasets=predictions["dataset"].n_unique(),
        n_models=predictions["model"].n_unique(),
        n_predictions=int(predictions["n_predictions"].sum()),
        n_failures=errors.height,
        outcomes={name: counted[name] for name in OUTCOMES if name in counted},
        judges=dict(judged.iter_rows()),
        evaluations=_evaluations(errors, predictions),
    )


def _evaluations(errors: pl.DataFrame, predictions: pl.DataFrame) -> list[dict[str, Any]]:
    per_outcome = [(pl.col("outcome") == name).sum().alias(name) for name in OUTCOMES]
    counted = errors.group_by(_KEY).agg(pl.len().alias("n_failures"), *per_outcome)
    joined = predictions.join(counted, on=_KEY, how="left").with_columns(
        pl.col("n_failures", *OUTCOMES).fill_null(0)
    )
    rate = pl.col("n_failures") / pl.col("n_predictions")
    return joined.with_columns(failure_rate=rate).sort(_KEY).to_dicts()
