"""Whether new errors fit a taxonomy version worse than those that it was measured on.

The baseline is what was held out of the version's growing: on the errors that it was grown from
any taxonomy looks better than it is. A signal says that there is something new; what it is, the
groups of errors without a category hint at.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

import polars as pl

from errormap_dagster.domain.records import JudgedError

_ALPHA: Final = 0.05
_FEWEST: Final = 20
"""With fewer errors on either side nothing is said."""
_LARGEST_GROUPS: Final = 10
_FEWEST_IN_GROUP: Final = 3
_WORD: Final = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Fit:
    """How many of some errors fit a version badly: no category, or one of low confidence."""

    n_errors: int
    n_other: int
    n_low_confidence: int

    @property
    def n_poor(self) -> int:
        """Errors that fit badly for either reason."""
        return self.n_other + self.n_low_confidence

    @property
    def poor_share(self) -> float:
        """Share of the errors, 0 to 1; 0 without errors."""
        return self.n_poor / self.n_errors if self.n_errors else 0.0


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Errors without a category whose titles share their telling word."""

    word: str
    n_errors: int
    titles: tuple[str, ...]
    prediction_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoveltyReport:
    """New errors against the baseline of a version.

    Attributes:
        baseline: the fit of the errors that were held out of the version.
        new: the fit of the errors that came after it.
        low_confidence: assigned with less than this counts as a bad fit: the tenth part of the
            baseline has less.
        increase: share of badly fitting new errors less that of the baseline.
        increase_low: low end of its 95 % interval (Newcombe, 1998); None with too few errors.
        increase_high: its high end.
        is_novel: whether the whole interval lies above ``tolerance``.
        groups: of the new errors without a category, the largest first.
        reason: the signal in a sentence.
    """

    baseline: Fit
    new: Fit
    low_confidence: float
    increase: float
    increase_low: float | None
    increase_high: float | None
    is_novel: bool
    groups: tuple[ErrorGroup, ...]
    reason: str


def novelty(
    assignments: pl.DataFrame,
    held_out: AbstractSet[str],
    known: AbstractSet[str],
    errors: Mapping[str, JudgedError],
    tolerance: float = 0.0,
) -> NoveltyReport:
    """Compare errors that came after a version with those that were held out of it.

    Args:
        assignments: the version's rows of ``category_assignments``.
        held_out: ids of the errors that were held out of its growing.
        known: ids of all errors that stood when it was grown, the held-out ones included.
        errors: by id, those with a title; others are no sign of anything.
        tolerance: an increase of the share up to this is no signal, 0 to 1.
    """
    titled = assignments.filter(pl.col("prediction_id").is_in(list(errors)))
    before = titled.filter(pl.col("prediction_id").is_in(list(held_out)))
    after = titled.filter(~pl.col("prediction_id").is_in(list(known)))
    confidences = before.filter(pl.col("status") == "assigned")["confidence"].drop_nulls()
    low = confidences.quantile(0.1, "lower") if confidences.len() else None
    floor = float(low) if low is not None else 0.0
    baseline, new = _fit(before, floor), _fit(after, floor)
    interval = _interval(baseline, new)
    is_novel = interval is not None and interval[0] > tolerance
    return NoveltyReport(
        baseline=baseline,
        new=new,
        low_confidence=floor,
        increase=new.poor_share - baseline.poor_share,
        increase_low=interval[0] if interval else None,
        increase_high=interval[1] if interval else None,
        is_novel=is_novel,
        groups=groups_of(
            [errors[i] for i in after.filter(pl.col("status") == "other")["prediction_id"]]
        ),
        reason=_reason(baseline, new, interval),
    )


def groups_of(errors: Sequence[JudgedError]) -> tuple[ErrorGroup, ...]:
    """Errors by the most frequent word of their titles that others of them have too.

    Each error is in at most one group; what stands alone is in none.
    """
    words = {e.prediction_id: set(_WORD.findall(e.error_title.casefold())) for e in errors}
    left = {error.prediction_id: error for error in errors}
    found: list[ErrorGroup] = []
    while len(found) < _LARGEST_GROUPS:
        counts = Counter(word for i in left for word in words[i])
        word = min(counts, key=lambda w: (-counts[w], w), default="")
        if counts[word] < _FEWEST_IN_GROUP:
            break
        own = sorted(i for i in left if word in words[i])
        titles = Counter(left[i].error_title for i in own)
        shown = sorted(titles, key=lambda title: (-titles[title], title))[:_FEWEST_IN_GROUP]
        found.append(ErrorGroup(word, len(own), tuple(shown), tuple(own)))
        for i in own:
            del left[i]
    return tuple(found)


def _fit(rows: pl.DataFrame, floor: float) -> Fit:
    assigned = rows.filter(pl.col("status") == "assigned")
    n_low = assigned.filter(pl.col("confidence") < floor).height
    return Fit(rows.height, rows.filter(pl.col("status") == "other").height, n_low)


def _interval(baseline: Fit, new: Fit) -> tuple[float, float] | None:
    """Newcombe's interval of the difference of the two shares."""
    if min(baseline.n_errors, new.n_errors) < _FEWEST:
        return None
    from statsmodels.stats.proportion import (  # noqa: PLC0415 - seconds of import, used here alone
        confint_proportions_2indep,
    )

    low, high = confint_proportions_2indep(
        new.n_poor,
        new.n_errors,
        baseline.n_poor,
        baseline.n_errors,
        method="newcomb",
        compare="diff",
        alpha=_ALPHA,
    )
    return float(low), float(high)


def _reason(baseline: Fit, new: Fit, interval: tuple[float, float] | None) -> str:
    if interval is None:
        return (
            f"{new.n_errors} new errors against {baseline.n_errors} held-out ones: fewer than "
            f"{_FEWEST} on one side say nothing"
        )
    return (
        f"{new.poor_share:.1%} of {new.n_errors} new errors fit no category well, against "
        f"{baseline.poor_share:.1%} of {baseline.n_errors} held-out ones: a difference of "
        f"{interval[0]:+.1%} to {interval[1]:+.1%}"
    )
