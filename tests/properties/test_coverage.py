import pytest

from populations import SCENARIOS, coverage

TOLERANCE = 0.015
REPLICATES = 500
"""One standard error of the coverage is then about half a point."""


@pytest.mark.parametrize(
    "name",
    [
        "5 errors",
        "20 errors",
        "15 examples x 4 trials",
        "40 examples x 9 models",
        "3 datasets, 10 % read",
    ],
)
def test_an_interval_holds_the_true_share_as_often_as_it_says(name: str) -> None:
    assert abs(coverage(SCENARIOS[name], n_replicates=REPLICATES).covered - 0.95) <= TOLERANCE


@pytest.mark.parametrize("name", ["3 datasets, 10 % read", "2 datasets, all read"])
def test_the_interval_of_a_mean_of_datasets_does_too(name: str) -> None:
    found = coverage(SCENARIOS[name], n_replicates=REPLICATES, is_macro=True)
    assert abs(found.covered - 0.95) <= TOLERANCE
