from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from errormap_dagster.domain.agreement import (
    Estimate,
    Readings,
    kappa,
    rogan_gladen,
    share,
)

DIAGNOSES = np.array([[75, 1, 4], [5, 4, 1], [0, 0, 10]])
"""Fleiss (1981), table 13.1: two raters, psychotic, neurotic or organic; kappa is 0.68."""
PERFECT = Estimate(1.0, 1.0, 1.0, 1e12)


def readings(table: np.ndarray, weight: Mapping[str, float] | None = None) -> Readings:
    """A table of counts, judge by reviewer: answers 0, 1, ..., as texts.

    Weights are by the judge's answer; without any, everything was reviewed.
    """
    names = np.array([str(place) for place in range(len(table))])
    sides = [np.repeat(side.ravel(), table.ravel()) for side in np.indices(table.shape)]
    judge, reviewer = (names[side] for side in sides)
    given = np.array([(weight or {}).get(str(answer), 1.0) for answer in judge])
    return Readings(
        judge, reviewer, judge, np.arange(len(judge)), given, 1 / given, float(given.sum())
    )


def agreed(table: np.ndarray) -> float:
    return float(np.trace(table) / table.sum())


def statsmodels_kappa(table: np.ndarray) -> tuple[float, float]:
    """Kappa and its variance."""
    found: Any = cohens_kappa(table)
    return float(found.kappa), float(found.var_kappa)


def test_kappa_is_that_of_the_published_example_and_of_statsmodels() -> None:
    found = kappa(readings(DIAGNOSES))
    expected, variance = statsmodels_kappa(DIAGNOSES)
    assert found
    assert round(found.value, 2) == 0.68
    assert found.value == pytest.approx(expected)
    # The interval is Wilson's at the size that gives the variance of Fleiss, Cohen and Everitt.
    beyond_chance = (1 - agreed(DIAGNOSES)) / (1 - expected)
    size = agreed(DIAGNOSES) * (1 - agreed(DIAGNOSES)) / (variance * beyond_chance**2)
    assert found.n_effective == pytest.approx(min(size, 125))
    assert found.low < found.value < found.high


def test_kappa_of_one_category_is_that_of_the_table_with_the_rest_together() -> None:
    table = np.array([[75, 5], [5, 15]])
    found = kappa(readings(DIAGNOSES).of_category("0"))
    assert found
    assert found.value == pytest.approx(statsmodels_kappa(table)[0])


def test_weights_stand_for_the_failures_that_were_not_reviewed() -> None:
    whole = np.array([[40, 20], [10, 30]])
    sampled = np.array([[4, 2], [10, 30]])
    ours, theirs = kappa(readings(sampled, {"0": 10.0})), kappa(readings(whole))
    assert ours
    assert theirs
    assert ours.value == pytest.approx(theirs.value)
    assert ours.n_effective < theirs.n_effective


def test_precision_and_recall_are_those_of_scikit_learn() -> None:
    sample = readings(DIAGNOSES, {"0": 3.0, "1": 2.0})
    said = sample.reviewer == "1"
    named = sample.judge == "1"
    recall, precision = share(sample, named, said), share(sample, said, named)
    assert recall
    assert precision
    weight = sample.weight
    assert recall.value == pytest.approx(recall_score(said, named, sample_weight=weight))
    assert precision.value == pytest.approx(precision_score(said, named, sample_weight=weight))
    assert 0 <= recall.low < recall.value < recall.high <= 1


def test_precision_within_one_answer_has_wilsons_interval() -> None:
    found = share(readings(np.array([[8, 2], [0, 90]])), *_of_first(np.array([[8, 2], [0, 90]])))
    assert found
    assert (found.low, found.high) == pytest.approx(proportion_confint(8, 10, method="wilson"))


def _of_first(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sample = readings(table)
    return sample.reviewer == "0", sample.judge == "0"


def test_what_nobody_reviewed_has_no_share_and_what_never_differs_no_kappa() -> None:
    alike = readings(np.array([[9, 0], [0, 0]]))
    nobody = np.zeros(9, dtype=bool)
    assert share(alike, nobody, nobody) is None
    assert kappa(alike) is None


def test_full_agreement_of_few_readings_is_not_certain() -> None:
    found = kappa(readings(np.array([[3, 0], [0, 3]])))
    assert found
    assert found.value == found.high == 1
    assert found.low < 0.5


def test_the_correction_of_the_reviewed_population_is_what_its_reviewers_said() -> None:
    sample = readings(np.array([[30, 10], [20, 140]]), {"0": 5.0})
    named, said = sample.judge == "0", sample.reviewer == "0"
    everything = np.ones(len(named), dtype=bool)
    recall, specificity = share(sample, named, said), share(sample, ~named, ~said)
    apparent, truth = share(sample, named, everything), share(sample, said, everything)
    assert recall
    assert specificity
    assert apparent
    assert truth
    corrected = rogan_gladen(apparent.value, 200, recall, specificity)
    assert corrected
    assert corrected.value == pytest.approx(truth.value)


def test_the_correction_by_rates_that_are_known_and_perfect_is_agresti_and_coulls() -> None:
    found = rogan_gladen(0.12, 150, PERFECT, PERFECT)
    assert found
    expected = proportion_confint(18, 150, method="agresti_coull")
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-6)


def test_rates_that_were_estimated_widen_the_interval() -> None:
    certain = rogan_gladen(0.3, 500, *(Estimate(0.8, 0.8, 0.8, 1e9) for _ in range(2)))
    unsure = rogan_gladen(0.3, 500, *(Estimate(0.8, 0.5, 0.9, 20.0) for _ in range(2)))
    assert certain
    assert unsure
    assert certain.value == unsure.value == pytest.approx(1 / 6)
    assert unsure.high - unsure.low > 2 * (certain.high - certain.low)


def test_a_judge_that_guesses_cannot_be_corrected() -> None:
    guess = Estimate(0.5, 0.4, 0.6, 100.0)
    assert rogan_gladen(0.5, 100, guess, guess) is None
