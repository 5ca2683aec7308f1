from typing import Any

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from errormap_dagster.domain.pairs import (
    Pairs,
    adjusted_p_values,
    are_plain,
    bonett_price_interval,
    detectable_difference,
    mcnemar_exact,
    paired_difference,
)


def pairs(
    both: int, lost: int, won: int, neither: int, *, weight: float = 1.0, n_trials: int = 1
) -> Pairs:
    before = np.array([True] * (both + lost) + [False] * (won + neither))
    after = np.array([True] * both + [False] * lost + [True] * won + [False] * neither)
    before, after = np.repeat(before, n_trials), np.repeat(after, n_trials)
    weights = np.full(len(before), weight)
    unit = np.arange(len(before)) // n_trials
    return Pairs(before, after, weights, unit, are_plain(weights, unit))


@pytest.mark.parametrize(
    ("lost", "won", "p_value"),
    [
        # Agresti (2002), Categorical Data Analysis, table 10.1: approval of a prime minister;
        # binom.test(86, 236) of R.
        pytest.param(150, 86, 3.716e-05, id="approval ratings"),
        # mcnemar.exact of R's package exact2x2, its help page: 21 and 9 discordant pairs.
        pytest.param(21, 9, 0.04277, id="exact2x2"),
        pytest.param(0, 5, 0.0625, id="all one way"),
        pytest.param(0, 0, 1.0, id="no change"),
        pytest.param(3, 3, 1.0, id="balanced"),
    ],
)
def test_the_exact_test_gives_published_values(lost: int, won: int, p_value: float) -> None:
    assert mcnemar_exact(lost, won) == pytest.approx(p_value, rel=1e-3)
    assert paired_difference(pairs(10, lost, won, 10)).p_value == mcnemar_exact(lost, won)


def test_the_test_of_plain_pairs_is_exact_and_that_of_trials_is_durkalskis() -> None:
    assert paired_difference(pairs(5, 9, 2, 5)).test == "mcnemar_exact"
    assert paired_difference(pairs(5, 9, 2, 5, n_trials=3)).test == "durkalski"


def test_durkalskis_test_on_single_pairs_is_mcnemars_without_correction() -> None:
    found = paired_difference(pairs(5, 19, 7, 5, weight=2.0))
    expected: Any = mcnemar([[0, 19], [7, 0]], exact=False, correction=False)
    assert found.p_value == pytest.approx(expected.pvalue)


def test_trials_that_repeat_each_other_add_nothing() -> None:
    once, thrice = (paired_difference(pairs(20, 30, 10, 40, n_trials=n)) for n in (1, 3))
    assert thrice.n_effective == pytest.approx(once.n_effective)
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high))


def test_weights_that_are_all_the_same_change_no_interval() -> None:
    plain, weighted = (paired_difference(pairs(20, 30, 10, 40, weight=w)) for w in (1.0, 7.0))
    assert (weighted.low, weighted.high) == pytest.approx((plain.low, plain.high))


def test_the_interval_is_that_of_bonett_and_price() -> None:
    # R's contingencytables, Wald_CI_BonettPrice_paired_2x2(cavo_2012): 6 and 16 discordant of 161.
    low, high = bonett_price_interval(16 / 161, 6 / 161, 161)
    assert (low, high) == pytest.approx((-0.1195, -0.0032), abs=5e-5)


@pytest.mark.parametrize("n_pairs", [1.0, 5.0, 100.0])
@pytest.mark.parametrize(("lost", "won"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.5, 0.5)])
def test_an_interval_encloses_its_difference_and_stays_within_bounds(
    n_pairs: float, lost: float, won: float
) -> None:
    low, high = bonett_price_interval(lost, won, n_pairs)
    assert -1 <= low <= won - lost <= high <= 1


def test_the_detectable_difference_is_found_four_times_in_five() -> None:
    rng, n, discordant = np.random.default_rng(0), 400, 0.2
    difference = detectable_difference(n, discordant)
    won, lost = (discordant + difference) / 2, (discordant - difference) / 2
    draws = rng.multinomial(n, [lost, won, 1 - lost - won], size=4_000)
    found = [mcnemar_exact(int(a), int(b)) <= 0.05 for a, b, _ in draws]
    # The exact test is a little more careful than the formula.
    assert 0.72 <= np.mean(found) <= 0.82


def test_few_pairs_can_show_large_differences_only() -> None:
    sizes = [detectable_difference(n, 0.1) for n in (5, 20, 100, 1_000, 10_000)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 1.0


def test_q_values_are_those_of_benjamini_and_hochberg() -> None:
    # Their example (1995, section 4.1): at 0.05 the first four of fifteen are discoveries.
    found = "1e-4 4e-4 .0019 .0095 .0201 .0278 .0298 .0344 .0459 .324 .4262 .5719 .6528 .759 1"
    p_values = np.array([float(p) for p in found.split()])
    q_values = adjusted_p_values(p_values)
    assert (q_values <= 0.05).tolist() == [True] * 4 + [False] * 11
    expected: Any = multipletests(p_values, method="fdr_bh")
    assert q_values.tolist() == expected[1].tolist()
    assert not len(adjusted_p_values(np.array([])))
