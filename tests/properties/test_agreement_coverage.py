import pytest

from readings import coverage


@pytest.mark.parametrize(("n_judged", "n_reviewed"), [(100, 100), (2000, 50), (2000, 200)])
def test_intervals_of_agreement_hold_the_truth_as_often_as_they_say(
    n_judged: int, n_reviewed: int
) -> None:
    held = coverage(n_judged, n_reviewed, n_replicates=400)
    assert len(held) == 6
    # Below, one standard error is a point; above, the sizes are bounded to be on the safe side.
    assert all(0.92 <= share <= 0.995 for share in held.values()), held
