"""Pairs of models on simulated examples, with planted differences or none."""

from dataclasses import dataclass

import numpy as np

from errormap_dagster.domain.comparison import compare
from errormap_dagster.domain.outcomes import ANY_FAILURE, CORRECT, NOT_SAMPLED, Outcomes

N_CATEGORIES = 10
PLANTED = ("c0", "c1")
STATES = [CORRECT, *(f"c{k}" for k in range(N_CATEGORIES)), NOT_SAMPLED]


@dataclass(frozen=True, slots=True)
class Design:
    """How the examples are tried and read, and by how much the second model is worse.

    ``planted`` is added to its rate in each category of ``PLANTED``, 0 to 1.
    """

    n_examples: int = 250
    n_trials: int = 1
    share_read: float = 1.0
    planted: float = 0.0


def simulated(design: Design, rng: np.random.Generator) -> Outcomes:
    """One dataset with models "a" and "b"; hard examples are hard for both, in like ways."""
    rates = rng.dirichlet(np.ones(N_CATEGORIES)) * 0.4
    own = rates * rng.gamma(1.0, 1.0, (design.n_examples, N_CATEGORIES))
    own /= np.maximum(own.sum(axis=1, keepdims=True) / 0.9, 1)
    rows: list[np.ndarray] = []
    weights: list[np.ndarray] = []
    for model in range(2):
        added = np.zeros(N_CATEGORIES)
        added[: len(PLANTED)] = design.planted * model
        share = np.minimum(own + added, 1)
        share /= np.maximum(share.sum(axis=1, keepdims=True), 1)
        limits = np.repeat(np.cumsum(share, axis=1), design.n_trials, axis=0)
        drawn = rng.random(len(limits))
        state = (drawn[:, None] > limits).sum(axis=1)
        state = np.where(state == N_CATEGORIES, 0, state + 1)
        is_read = (state == 0) | (rng.random(len(state)) < design.share_read)
        failed = state > 0
        weight = failed.sum() / max((failed & is_read).sum(), 1)
        rows.append(np.where(is_read, state, len(STATES) - 1))
        weights.append(np.where(failed, weight, 1.0))
    example = np.repeat(np.arange(design.n_examples), design.n_trials)
    return Outcomes("d", ["a", "b"], STATES, np.stack(rows), np.stack(weights), example)


@dataclass(frozen=True, slots=True)
class Discoveries:
    """What many comparisons found, each a mean of shares, 0 to 1.

    Attributes:
        false_share: of the discoveries of a comparison those that are false; 0 when there are none.
        planted_found: of the planted differences those that were found.
        covered: intervals of the unplanted categories that hold 0.
    """

    false_share: float
    planted_found: float
    covered: float


def discoveries(design: Design, *, n_comparisons: int, seed: int = 0) -> Discoveries:
    """Compare two models many times at a false discovery rate of 5 %."""
    rng = np.random.default_rng(seed)
    kept: list[tuple[float, float, float]] = []
    for _ in range(n_comparisons):
        rows = compare([simulated(design, rng)], "a", "b", false_discovery_rate=0.05).differences
        rows = rows.filter((rows["dataset"] == "d") & (rows["category_id"] != ANY_FAILURE))
        is_planted = rows["category_id"].is_in(PLANTED).to_numpy() & (design.planted > 0)
        hits = rows["is_significant"].to_numpy()
        low, high = rows["rate_difference_low"], rows["rate_difference_high"]
        held = ((low <= 0) & (high >= 0)).to_numpy()[~is_planted]
        false = np.count_nonzero(hits & ~is_planted) / max(np.count_nonzero(hits), 1)
        found = np.count_nonzero(hits & is_planted) / len(PLANTED)
        kept.append((false, found, float(held.mean())))
    return Discoveries(*np.mean(kept, axis=0).tolist())
