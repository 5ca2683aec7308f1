"""Judges and reviewers whose agreement is known, and how often its intervals hold it.

Each replicate draws a judge and a reviewer anew: how often the judge gives each answer, and what
the reviewer says then. The reviewer reads a part of what the judge read, half of it spread evenly
over the answers and half as often as they occur.
"""

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from errormap_dagster.domain.agreement import Estimate, Readings, kappa, rogan_gladen, share

N_ANSWERS = 5
_RAREST = 0.02 / N_ANSWERS
_NAMES = np.array([f"c{k}" for k in range(N_ANSWERS)])


class Drawn(NamedTuple):
    """One replicate: the true joint shares of answers (judge by reviewer), and what was read."""

    joint: np.ndarray
    judge: np.ndarray
    readings: Readings


def draw(rng: np.random.Generator, n_judged: int, n_reviewed: int) -> Drawn:
    """A judge, a reviewer, and a stratified sample of their answers."""
    judge_shares = rng.dirichlet(np.full(N_ANSWERS, 0.7)) * 0.98 + _RAREST
    accuracy = rng.beta(6, 2, N_ANSWERS)[:, None]
    given = (1 - accuracy) * rng.dirichlet(np.full(N_ANSWERS, 0.5), N_ANSWERS)
    given += accuracy * np.eye(N_ANSWERS)
    judge = rng.choice(N_ANSWERS, n_judged, p=judge_shares)
    reviewer = (rng.random(n_judged)[:, None] > given.cumsum(axis=1)[judge]).sum(axis=1)
    sizes = np.bincount(judge, minlength=N_ANSWERS)
    rank = np.empty(n_judged)
    for answer in range(N_ANSWERS):
        rank[judge == answer] = rng.permutation(sizes[answer]) + 1
    rate = 0.5 / (sizes > 0).sum() + 0.5 * sizes / n_judged
    chosen = np.argsort(rank / rate[judge], kind="stable")[:n_reviewed]
    first, second = judge[chosen], reviewer[chosen]
    read = np.bincount(first, minlength=N_ANSWERS)
    readings = Readings(
        judge=_NAMES[first],
        reviewer=_NAMES[second],
        stratum=first,
        unit=np.arange(n_reviewed),
        weight=(sizes[first] / read[first]).astype(float),
        drawn_share=read[first] / sizes[first],
        n_judged=float(n_judged),
    )
    return Drawn(judge_shares[:, None] * given, judge, readings)


def estimates(rng: np.random.Generator, drawn: Drawn) -> list[tuple[str, Estimate | None, float]]:
    """Name, estimate and truth of each figure of a replicate; of categories, of the first."""
    joint, _, found = drawn
    agreed, chance = float(np.trace(joint)), float(joint.sum(axis=1) @ joint.sum(axis=0))
    both, judged, said = joint[0, 0], joint[0].sum(), joint[:, 0].sum()
    is_judged, is_said = found.judge == "c0", found.reviewer == "c0"
    everything = np.ones(len(is_said), dtype=bool)
    recall = share(found, is_judged, is_said)
    specificity = share(found, ~is_judged, ~is_said)
    # Another model's failures, read by the same judge with other shares of categories.
    other = float(rng.uniform(0.05, 0.6))
    seen = other * both / said + (1 - other) * (judged - both) / (1 - said)
    n_other = 300
    counted = float(rng.binomial(n_other, seen)) / n_other
    corrected = (
        rogan_gladen(counted, n_other, recall, specificity) if recall and specificity else None
    )
    return [
        ("agreement", share(found, found.judge == found.reviewer, everything), agreed),
        ("kappa", kappa(found), (agreed - chance) / (1 - chance)),
        ("precision", share(found, is_said, is_judged), both / judged),
        ("recall", recall, both / said),
        ("corrected share", share(found, is_said, everything), said),
        ("corrected share of another model", corrected, other),
    ]


def coverage(n_judged: int, n_reviewed: int, n_replicates: int, seed: int = 0) -> dict[str, float]:
    """For each figure how often its 95 % interval holds the truth, 0 to 1."""
    rng = np.random.default_rng(seed)
    held: dict[str, list[bool]] = defaultdict(list)
    for _ in range(n_replicates):
        for name, found, truth in estimates(rng, draw(rng, n_judged, n_reviewed)):
            if found:
                held[name].append(found.low - 1e-9 <= truth <= found.high + 1e-9)
    return {name: float(np.mean(values)) for name, values in held.items()}
