"""How far each model's rates lie from the mean of all models on the same examples.

Every example is its own control: what is averaged is the model's rate on it less the mean rate of
all models on it. The interval is Student's, computed by scipy, over examples as units.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.outcomes import ANY_FAILURE, Outcomes
from errormap_dagster.domain.pairs import adjusted_p_values

_ALPHA = 0.05
_FEWEST = 2
"""Models for a mean, and examples for an interval."""


def model_deviations(outcomes: Sequence[Outcomes], *, false_discovery_rate: float) -> pl.DataFrame:
    """Rows of ``model_deviations`` without taxonomy and version, sorted.

    Args:
        outcomes: of the datasets.
        false_discovery_rate: level at which a deviation is significant, over the models and
            categories of one dataset.
    """
    schema = {
        name: kind
        for name, kind in polars_schema("model_deviations").items()
        if name not in ("taxonomy", "version")
    }
    frames = [_of_dataset(found, false_discovery_rate) for found in outcomes]
    rows = pl.concat(
        [
            pl.DataFrame(schema=schema),
            *(frame.select(*schema).cast(pl.Schema(schema)) for frame in frames if frame.height),
        ]
    )
    return rows.sort("dataset", "model", "category_id")


def _of_dataset(outcomes: Outcomes, level: float) -> pl.DataFrame:
    from scipy.stats import t as student  # noqa: PLC0415 - seconds of import

    rows = list(_rows(outcomes)) if len(outcomes.models) >= _FEWEST else []
    if not rows:
        return pl.DataFrame()
    frame = pl.DataFrame(rows)
    deviation, error = frame["rate_deviation"].to_numpy(), frame["error"].to_numpy()
    freedom = frame["n_examples"].to_numpy() - 1
    half = student.ppf(1 - _ALPHA / 2, freedom) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = np.nan_to_num(2 * student.sf(np.abs(deviation) / error, freedom), nan=1.0)
    q_value = adjusted_p_values(p_value)
    return frame.with_columns(
        pl.Series("rate_deviation_low", deviation - half),
        pl.Series("rate_deviation_high", deviation + half),
        pl.Series("p_value", p_value),
        pl.Series("q_value", q_value),
        pl.Series("is_significant", q_value <= level),
        dataset=pl.lit(outcomes.dataset),
    )


def _rows(outcomes: Outcomes) -> Iterator[dict[str, Any]]:
    """One row per category and model: its mean deviation and the standard error of that."""
    is_there = outcomes.state >= 0
    sizes = _per_example(outcomes, is_there.astype(float))
    shared = (sizes > 0).sum(axis=0) >= _FEWEST
    for name, found in _indicators(outcomes):
        with np.errstate(divide="ignore", invalid="ignore"):
            rates = _per_example(outcomes, found) / sizes
        mean = np.nanmean(np.where(shared, rates, 0.0), axis=0)
        for model, own in zip(outcomes.models, rates, strict=True):
            known = ~np.isnan(own) & shared
            n = int(known.sum())
            if n < _FEWEST:
                continue
            steps = own[known] - mean[known]
            yield {
                "model": model,
                "category_id": name,
                "n_examples": n,
                "rate": float(own[known].mean()),
                "mean_rate": float(mean[known].mean()),
                "rate_deviation": float(steps.mean()),
                "error": float(steps.std(ddof=1) / np.sqrt(n)),
            }


def _indicators(outcomes: Outcomes) -> Iterator[tuple[str, np.ndarray]]:
    """Each category with what it counts, shape (models, tries).

    A failure that was not read counts nothing, and the weights of those that were make up for it.
    """
    yield ANY_FAILURE, (outcomes.state > 0).astype(float)
    for number, name in outcomes.failure_states:
        yield name, (outcomes.state == number) * outcomes.weight


def _per_example(outcomes: Outcomes, values: np.ndarray) -> np.ndarray:
    """Sums over the trials of each example, shape (models, examples)."""
    n = int(outcomes.example.max()) + 1
    return np.stack([np.bincount(outcomes.example, weights=row, minlength=n) for row in values])
