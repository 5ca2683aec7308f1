"""What became of the same examples under two models, and what that says about their difference.

Statistics of paired outcomes as plain functions over arrays: counts, a test, an interval, and the
smallest difference that so many pairs could have shown. The comparison of models is in
``comparison.py``.
"""

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any, Final

import numpy as np

_NORMAL: Final = NormalDist()
_Z_ALPHA: Final = _NORMAL.inv_cdf(0.975)
"""Of tests at 5 % and intervals at 95 %."""
_Z_BETA: Final = _NORMAL.inv_cdf(0.8)
"""Of a power of 80 %."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Paired indicators: is the outcome there, under each of two models.

    Attributes:
        before: bool, shape (n,), of the first model.
        after: bool, shape (n,), of the second.
        weight: failures that a pair stands for, shape (n,).
        unit: number of the example of each pair, shape (n,); its trials are alike.
        is_plain: whether every pair is an example of its own and stands for itself.
    """

    before: np.ndarray
    after: np.ndarray
    weight: np.ndarray
    unit: np.ndarray
    is_plain: bool


def are_plain(weight: np.ndarray, unit: np.ndarray) -> bool:
    """Whether every pair is an example of its own and stands for itself."""
    return bool(np.all(weight == 1)) and len(np.unique(unit)) == len(unit)


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two paired rates, second less first, and how sure it is.

    Attributes:
        rate_before: weighted rate of the first model, 0 to 1.
        rate_after: of the second.
        low: lower end of the 95 % interval of the difference, -1 to 1.
        high: upper end.
        p_value: of the test that neither direction is more frequent.
        test: its name.
        n_effective: independent pairs that would say as much.
        detectable: smallest difference that would have been found with a power of 80 %.
    """

    rate_before: float
    rate_after: float
    low: float
    high: float
    p_value: float
    test: str
    n_effective: float
    detectable: float


def paired_difference(pairs: Pairs) -> Difference:
    """Compare two paired rates; at least one pair.

    The test is McNemar's exact one where every pair is an example of its own with weight 1, else
    that of Durkalski et al. (2003), of which McNemar's is a case, over examples. The interval is
    the adjusted Wald interval of Bonett and Price (2012) at the effective number of pairs.
    """
    weight, total = pairs.weight, pairs.weight.sum()
    step = pairs.after.astype(float) - pairs.before
    lost = float(weight @ (step < 0) / total)
    won = float(weight @ (step > 0) / total)
    n_effective = _effective_pairs(pairs, step, lost, won)
    low, high = bonett_price_interval(lost, won, n_effective)
    p_value, test = _p_value(pairs, step)
    return Difference(
        rate_before=float(weight @ pairs.before / total),
        rate_after=float(weight @ pairs.after / total),
        low=low,
        high=high,
        p_value=p_value,
        test=test,
        n_effective=n_effective,
        detectable=detectable_difference(n_effective, lost + won),
    )


def _effective_pairs(pairs: Pairs, step: np.ndarray, lost: float, won: float) -> float:
    if pairs.is_plain:
        return float(len(step))
    weight, difference = pairs.weight, won - lost
    of_unit = np.bincount(pairs.unit, weights=weight)
    spread = np.square(np.bincount(pairs.unit, weights=weight * (step - difference))).sum()
    of_one = lost + won - difference**2
    if spread <= 0 or of_one <= 0:
        return float(of_unit.sum() ** 2 / np.square(of_unit).sum())
    return float(min(of_one * weight.sum() ** 2 / spread, len(step)))


def _p_value(pairs: Pairs, step: np.ndarray) -> tuple[float, str]:
    if pairs.is_plain:
        return mcnemar_exact(int((step < 0).sum()), int((step > 0).sum())), "mcnemar_exact"
    sums = np.bincount(pairs.unit, weights=pairs.weight * step)
    spread = np.square(sums).sum()
    z = sums.sum() / np.sqrt(spread) if spread > 0 else 0.0
    return 2 * _NORMAL.cdf(-abs(float(z))), "durkalski"


@lru_cache(maxsize=100_000)
def mcnemar_exact(n_lost: int, n_won: int) -> float:
    """The two-sided p-value of McNemar's exact test on the discordant pairs."""
    from statsmodels.stats.contingency_tables import (  # noqa: PLC0415 - seconds of import
        mcnemar,
    )

    tested: Any = mcnemar([[0, n_lost], [n_won, 0]], exact=True)
    return float(tested.pvalue)


def bonett_price_interval(lost: float, won: float, n_pairs: float) -> tuple[float, float]:
    """The 95 % interval of ``won - lost``, two shares of paired outcomes, within -1 to 1.

    Bonett and Price (2012), "Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data", J. Educ. Behav. Stat. 37: one pair is added to either side.
    """
    size = n_pairs + 2
    lost_more, won_more = (lost * n_pairs + 1) / size, (won * n_pairs + 1) / size
    middle = won_more - lost_more
    half = _Z_ALPHA * np.sqrt((lost_more + won_more - middle**2) / size)
    return float(max(-1.0, middle - half)), float(min(1.0, middle + half))


def detectable_difference(n_pairs: float, discordant_share: float) -> float:
    """The smallest difference that McNemar's test at 5 % finds with a power of 80 %, 0 to 1.

    Connor (1987), Biometrics 43, solved for the difference at the observed share of discordant
    pairs. With fewer than can carry such a difference, all of them are taken to go one way.
    """
    one_way = (_Z_ALPHA + _Z_BETA) ** 2 / n_pairs
    inside = discordant_share * (n_pairs - _Z_ALPHA**2 + _Z_BETA**2)
    if inside <= 0:
        return float(min(1.0, one_way))
    found = _Z_ALPHA * np.sqrt(n_pairs * discordant_share) + _Z_BETA * np.sqrt(inside)
    difference = found / (n_pairs + _Z_BETA**2)
    return float(min(1.0, difference if difference <= discordant_share else one_way))


def adjusted_p_values(p_values: np.ndarray) -> np.ndarray:
    """The p-values after Benjamini and Hochberg (1995), computed by statsmodels, shape (n,)."""
    from statsmodels.stats.multitest import multipletests  # noqa: PLC0415 - seconds of import

    if not len(p_values):
        return p_values
    return np.asarray(multipletests(p_values, method="fdr_bh")[1])
