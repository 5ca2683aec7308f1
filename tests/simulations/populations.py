"""Populations whose shares are known, and how often an interval of the signatures holds them.

Each replicate is a model of its own, so that one call of ``signatures`` works through all of them.
Shares are drawn anew for every replicate: no interval for a discrete count has its nominal coverage
at each single share (Brown, Cai and DasGupta 2001), so what is measured is the mean over shares.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from errormap_dagster.domain.records import Category
from errormap_dagster.domain.shares import wilson_interval
from errormap_dagster.domain.signature import signatures

N_CATEGORIES = 6
CATEGORIES = [
    Category(f"c{k}", None, 1, f"C{k}", "t", "e", "c", k, "induced") for k in range(N_CATEGORIES)
]


class Errors(NamedTuple):
    """Judged errors of one replicate on one dataset, as arrays over the errors."""

    example: np.ndarray
    category: np.ndarray
    n_predictions: int
    n_failures: int


class Replicate(NamedTuple):
    """One replicate: its errors per dataset, and the true shares by errors and of the datasets."""

    datasets: Sequence[Errors]
    true_micro: np.ndarray
    true_macro: np.ndarray


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often intervals hold the true shares of the categories.

    Attributes:
        covered: of all categories; one that no error is in has no row, and is held when its share
            lies within Wilson's interval for none of n_effective.
        covered_of_rows: of the rows that there are, which is lower where errors are few: a rare
            category has a row just when more of its errors were met than was to be expected.
        width: mean width of the rows' intervals.
    """

    covered: float
    covered_of_rows: float
    width: float


def independent(n: int) -> Callable[[np.random.Generator], Replicate]:
    """``n`` errors of one dataset, each of an example of its own."""

    def draw(rng: np.random.Generator) -> Replicate:
        share = rng.dirichlet(np.ones(N_CATEGORIES))
        category = rng.choice(N_CATEGORIES, n, p=share)
        return Replicate([Errors(np.arange(n), category, 2 * n, n)], share, share)

    return draw


def trials(
    n_examples: int, n_trials: int, likeness: float
) -> Callable[[np.random.Generator], Replicate]:
    """Examples that fail in several trials, or by several models, in like ways.

    ``likeness`` is the correlation of the categories within an example, 0 to 1.
    """

    def draw(rng: np.random.Generator) -> Replicate:
        share = rng.dirichlet(np.ones(N_CATEGORIES))
        own = np.array(
            [rng.dirichlet(share * (1 / likeness - 1) + 1e-9) for _ in range(n_examples)]
        )
        counts = rng.binomial(n_trials, rng.beta(1.2, 0.8, n_examples))
        counts[0] = max(counts[0], 1)
        category = [
            rng.choice(N_CATEGORIES, n, p=p / p.sum()) for n, p in zip(counts, own, strict=True)
        ]
        example = np.repeat(np.arange(n_examples), counts)
        n = int(counts.sum())
        return Replicate(
            [Errors(example, np.concatenate(category), n_examples * n_trials, n)], share, share
        )

    return draw


def sampled(
    n_predictions: Sequence[int], failure_rates: Sequence[float], share_read: float
) -> Callable[[np.random.Generator], Replicate]:
    """Datasets that differ in size, failure rate and errors; a share of the failures is read."""

    def draw(rng: np.random.Generator) -> Replicate:
        shares = rng.dirichlet(np.ones(N_CATEGORIES) * 0.7, len(n_predictions))
        found: list[Errors] = []
        for size, rate, share in zip(n_predictions, failure_rates, shares, strict=True):
            n_failures = int(rng.binomial(size, rate))
            n = max(min(10, n_failures), int(rng.binomial(n_failures, share_read)))
            category = rng.choice(N_CATEGORIES, n, p=share)
            found.append(Errors(np.arange(n), category, size, n_failures))
        expected = np.array(n_predictions) * np.array(failure_rates)
        return Replicate(found, expected @ shares / expected.sum(), shares.mean(axis=0))

    return draw


SCENARIOS: dict[str, Callable[[np.random.Generator], Replicate]] = {
    "5 errors": independent(5),
    "10 errors": independent(10),
    "20 errors": independent(20),
    "50 errors": independent(50),
    "200 errors": independent(200),
    "8 examples x 4 trials": trials(8, 4, 0.5),
    "15 examples x 4 trials": trials(15, 4, 0.5),
    "50 examples x 4 trials": trials(50, 4, 0.5),
    "50 examples x 4 trials, alike": trials(50, 4, 0.8),
    "40 examples x 9 models": trials(40, 9, 0.33),
    "3 datasets, 10 % read": sampled([100, 500, 2000], [0.5, 0.3, 0.2], 0.1),
    "4 datasets, 10 % read": sampled([60, 60, 3000, 300], [0.5, 0.3, 0.2, 0.4], 0.1),
    "2 datasets, all read": sampled([1000, 200], [0.5, 0.1], 1.0),
}


def _frames(replicates: Sequence[Replicate]) -> tuple[pl.DataFrame, pl.DataFrame]:
    errors: list[pl.DataFrame] = []
    counts: list[tuple[str, str, int, int, int]] = []
    for r, replicate in enumerate(replicates):
        for d, found in enumerate(replicate.datasets):
            n = len(found.category)
            errors.append(
                pl.DataFrame(
                    {
                        "prediction_id": [f"{r}.{d}.{i}" for i in range(n)],
                        "model": [f"m{r:05}"] * n,
                        "dataset": [f"d{d}"] * n,
                        "example_id": [f"e{example}" for example in found.example],
                        "category_id": [f"c{k}" for k in found.category],
                        "status": ["assigned"] * n,
                        "sampling_weight": [found.n_failures / n] * n,
                    }
                )
            )
            counts.append((f"m{r:05}", f"d{d}", found.n_predictions, found.n_failures, n))
    columns = ["model", "dataset", "n_predictions", "n_failures", "n_judged"]
    return pl.concat(errors), pl.DataFrame(counts, schema=columns, orient="row")


def coverage(
    draw: Callable[[np.random.Generator], Replicate],
    *,
    n_replicates: int,
    seed: int = 0,
    is_macro: bool = False,
) -> Coverage:
    """How often the intervals over all datasets hold the true shares of a population."""
    rng = np.random.default_rng(seed)
    replicates = [draw(rng) for _ in range(n_replicates)]
    found = signatures(*_frames(replicates), CATEGORIES, taxonomy="t", version=1)
    rows = found.filter(pl.col("scope") == "all", pl.col("is_macro") == is_macro)
    true = [r.true_macro if is_macro else r.true_micro for r in replicates]
    truth = pl.DataFrame(
        [(f"m{r:05}", f"c{k}", p) for r, shares in enumerate(true) for k, p in enumerate(shares)],
        schema=["model", "category_id", "truth"],
        orient="row",
    )
    sizes = rows.group_by("model").agg(size=pl.first("n_effective"))
    joined = truth.join(sizes, on="model").join(rows, on=["model", "category_id"], how="left")
    _, none = wilson_interval(np.zeros(joined.height), joined["size"].to_numpy())
    filled = joined.with_columns(
        pl.col("error_share_low").fill_null(0.0),
        pl.col("error_share_high").fill_null(pl.Series(none)),
    )
    held = filled["truth"].is_between(filled["error_share_low"], filled["error_share_high"])
    width = rows["error_share_high"] - rows["error_share_low"]
    has_row = filled["n_errors"].is_not_null()
    means = [np.mean(x.to_numpy()) for x in (held, held.filter(has_row), width)]
    return Coverage(*map(float, means))
