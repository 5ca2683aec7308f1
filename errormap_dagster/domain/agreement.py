"""How far two readers of the same failures agree, and what a judge's shares are once corrected.

One reader is the judge whose answers stand in the tables; the other reads a sample of what it read,
stratified by its answers. Every figure is a ratio of weighted totals. Its variance is linearised
and is that of double sampling for stratification (Cochran 1977, section 12.2): the judged failures
are a sample of all failures like these, and the reviewed ones a sample of them. Where everything
is reviewed, kappa's is that of Fleiss, Cohen and Everitt (1969). Intervals are Wilson's (1927) at
the effective size of the sample, for they hold where an answer is rare or never wrong.
"""

from typing import NamedTuple

import numpy as np

from errormap_dagster.domain.shares import wilson_interval

_DIGITS = 12
"""Of kappa; what follows is the rounding of sums."""
_MOST_GAIN, _MOST_GAIN_OF_ALL = 1.25, 2.0
"""How many times as large strata may make a sample, or one of all failures (docs/methods.md)."""
_HIGH = 0.975


class Estimate(NamedTuple):
    """A figure with its 95 % interval.

    Attributes:
        value: the figure; shares are 0 to 1, kappa is -1 to 1.
        low: lower end.
        high: upper end.
        n_effective: how many equally weighted, independent readings would say as much.
    """

    value: float
    low: float
    high: float
    n_effective: float


class Readings(NamedTuple):
    """Failures that two readers read, as arrays of shape (n,).

    Attributes:
        judge: the judge's answer.
        reviewer: the other reader's answer.
        stratum: what each was drawn from: failures to which the judge gave one answer.
        unit: the failure that was read, as a number from 0; several readings of one are alike.
        weight: how many failures each stands for, above 0.
        drawn_share: the share of its stratum that was reviewed, above 0 to 1.
        n_judged: effective number of judged failures that the sample was drawn from.
    """

    judge: np.ndarray
    reviewer: np.ndarray
    stratum: np.ndarray
    unit: np.ndarray
    weight: np.ndarray
    drawn_share: np.ndarray
    n_judged: float

    def variance(self, influence: np.ndarray) -> float:
        """Variance of a figure whose linearised terms, with a weighted mean of 0, are given."""
        part = self.weight / self.weight.sum()
        _, first = np.unique(self.unit, return_index=True)
        term, whole = np.bincount(self.unit, part * influence), np.bincount(self.unit, part)
        _, stratum = np.unique(self.stratum[first], return_inverse=True)
        n = np.bincount(stratum)[stratum]
        mean = (np.bincount(stratum, term) / np.bincount(stratum))[stratum]
        # A stratum with one reading has no spread of its own: its distance from the whole counts.
        spread = np.where(n > 1, (term - mean) ** 2 * n / np.maximum(n - 1, 1), term**2)
        return float((term**2 / whole).sum() / self.n_judged) + float(
            ((1 - self.drawn_share[first]) * spread).sum()
        )

    def of_category(self, category: str) -> "Readings":
        """The same readings with two answers alone: this category, or anything else."""
        return self._replace(judge=self.judge == category, reviewer=self.reviewer == category)


def share(readings: Readings, counted: np.ndarray, among: np.ndarray) -> Estimate | None:
    """The share of the readings that count among some of them; None without any.

    Args:
        readings: what was read.
        counted: which readings count, shape (n,).
        among: which readings the share is of, shape (n,).
    """
    if not among.any():
        return None
    weight = readings.weight * among
    value = float((weight * counted).sum() / weight.sum())
    whole = weight.sum() / readings.weight.sum()
    variance = readings.variance(among * (counted - value) / whole)
    most = _MOST_GAIN_OF_ALL if among.all() else _MOST_GAIN
    n = _n_effective(value, variance, np.bincount(readings.unit[among], weight[among]), most)
    low, high = wilson_interval(np.array([value]), np.array([n]))
    return Estimate(value, float(low[0]), float(high[0]), n)


def _n_effective(
    value: float, variance: float, weight: np.ndarray, most_gain: float = _MOST_GAIN
) -> float:
    """Size of a plain sample with this variance; by the weights alone where there is none.

    It is at most ``most_gain`` times the number of failures that were read: more of what
    stratification gains is not counted on, for the variance of few disagreements is itself little
    known.
    """
    if variance > 0 and 0 < value < 1:
        return min(value * (1 - value) / variance, most_gain * float((weight > 0).sum()))
    return float(weight.sum() ** 2 / (weight**2).sum())


def kappa(readings: Readings) -> Estimate | None:
    """Cohen's kappa (1960) of weighted readings; None where both give one answer throughout.

    Its interval is that of the agreement beyond chance: Wilson's for the agreement, at the size
    that gives kappa's variance, with the agreement by chance taken as it is.
    """
    answers, codes = np.unique(
        np.concatenate([readings.judge, readings.reviewer]), return_inverse=True
    )
    first, second = codes[: len(readings.judge)], codes[len(readings.judge) :]
    part = readings.weight / readings.weight.sum()
    of_first = np.bincount(first, part, len(answers))
    of_second = np.bincount(second, part, len(answers))
    if len(answers) == 1:
        return None
    by_chance = float(of_first @ of_second)
    is_same = first == second
    agreed = 1 - float(part[~is_same].sum())
    value = round((agreed - by_chance) / (1 - by_chance), _DIGITS)
    term = is_same * (1 - by_chance) - (1 - agreed) * (of_second[first] + of_first[second])
    variance = readings.variance((term - part @ term) / (1 - by_chance) ** 2)
    weight = np.bincount(readings.unit, readings.weight)
    n = _n_effective(agreed, variance * (1 - by_chance) ** 2, weight)
    low, high = wilson_interval(np.array([agreed]), np.array([n]))
    ends = [(float(end[0]) - by_chance) / (1 - by_chance) for end in (low, high)]
    return Estimate(value, max(ends[0], -1.0), min(ends[1], 1.0), n)


def rogan_gladen(
    apparent: float, n: float, recall: Estimate, specificity: Estimate
) -> Estimate | None:
    """A judge's share corrected for what it misses and what it wrongly names.

    The estimate is Rogan and Gladen's (1978, Am. J. Epidemiol. 107), the interval Lang and
    Reiczigel's (2014, Prev. Vet. Med. 113), for rates that were themselves estimated; by Student's
    quantile for the smaller of their sizes, since few readings tell their own variance badly.

    Args:
        apparent: the judge's share, 0 to 1.
        n: effective number of failures that it is a share of.
        recall: of those in the category, the share that the judge puts there.
        specificity: of those outside of it, the share that the judge keeps out.

    Returns:
        The share, 0 to 1; None where the judge's answer says nothing of the category.
    """
    from scipy.stats import t  # noqa: PLC0415 - seconds of import, used here alone

    gain = recall.value + specificity.value - 1
    n_recall, n_specificity = recall.n_effective + 2, specificity.n_effective + 2
    found = (recall.n_effective * recall.value + 1) / n_recall
    kept_out = (specificity.n_effective * specificity.value + 1) / n_specificity
    eased_gain = found + kept_out - 1
    if gain <= 0 or eased_gain <= 0:
        return None
    z = float(t.ppf(_HIGH, max(min(recall.n_effective, specificity.n_effective), 2.0)))
    n_eased = n + z**2
    seen = (n * apparent + z**2 / 2) / n_eased
    eased = (seen + kept_out - 1) / eased_gain
    recall_part = found * (1 - found) / n_recall
    specificity_part = kept_out * (1 - kept_out) / n_specificity
    moved = 2 * z**2 * (eased * recall_part - (1 - eased) * specificity_part)
    variance = (
        seen * (1 - seen) / n_eased + eased**2 * recall_part + (1 - eased) ** 2 * specificity_part
    ) / eased_gain**2
    reach = z * float(np.sqrt(variance))
    value = min(max((apparent + specificity.value - 1) / gain, 0.0), 1.0)
    low = min(max(eased + moved - reach, 0.0), value)
    high = max(min(eased + moved + reach, 1.0), value)
    return Estimate(value, low, high, value * (1 - value) / variance)
