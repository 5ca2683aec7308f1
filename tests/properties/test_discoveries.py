import pytest

from comparisons import Design, discoveries

DESIGNS = {
    "plain pairs": Design(),
    "trials": Design(n_examples=80, n_trials=4),
    "half read": Design(share_read=0.5),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_without_a_difference_discoveries_are_as_rare_as_the_level_says(name: str) -> None:
    # With nothing to find every discovery is false: 1,000 comparisons of ten categories each.
    assert discoveries(DESIGNS[name], n_comparisons=1_000).false_share <= 0.05


def test_a_planted_difference_is_found_and_the_rest_is_left_alone() -> None:
    found = discoveries(Design(planted=0.12), n_comparisons=300)
    assert found.planted_found >= 0.9
    assert found.false_share <= 0.05


def test_the_intervals_of_categories_without_a_difference_hold_zero() -> None:
    # Adjusted Wald intervals of rare categories are on the safe side.
    assert discoveries(Design(), n_comparisons=200, seed=1).covered >= 0.935
