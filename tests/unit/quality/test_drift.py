from errormap_dagster.quality.drift import rate_changes


def test_only_evaluations_that_both_runs_know_are_compared() -> None:
    changes = rate_changes({"d|a": 0.5, "d|new": 1.0}, {"d|a": 0.25, "d|gone": 0.0})
    assert changes.rows() == [("d|a", 0.5, 0.25)]


def test_the_first_run_has_nothing_to_compare() -> None:
    assert rate_changes({"d|a": 0.5}, {}).is_empty()
