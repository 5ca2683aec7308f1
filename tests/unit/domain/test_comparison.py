import polars as pl
import pytest

from errormap_dagster.domain.comparison import Comparison, compare, regressions
from errormap_dagster.domain.deviation import model_deviations
from errormap_dagster.domain.outcomes import outcomes_by_dataset

Row = tuple[str, str, str]


def outcomes(*rows: Row, dataset: str = "d", weight: float = 1.0) -> pl.DataFrame:
    """Rows of example, state of model a, state of model b."""
    return pl.DataFrame(
        [
            {
                "dataset": dataset,
                "model": model,
                "example_id": example,
                "trial": 1,
                "state": state,
                "sampling_weight": weight if state != "correct" else 1.0,
            }
            for example, *states in rows
            for model, state in zip(("a", "b"), states, strict=True)
        ]
    )


def compared(*frames: pl.DataFrame) -> Comparison:
    return compare(outcomes_by_dataset(pl.concat(frames)), "a", "b", false_discovery_rate=0.05)


SOME = outcomes(
    ("1", "correct", "correct"),
    ("2", "x", "correct"),
    ("3", "correct", "x"),
    ("4", "correct", "x"),
    ("5", "x", "y"),
    ("6", "y", "x"),
    ("7", "x", "x"),
    ("8", "y", "y"),
)
COUNTS = ["n_a", "n_b", "n_fixed", "n_broken", "n_moved_out", "n_moved_in", "n_unchanged"]


@pytest.mark.parametrize(
    ("category", "counts"),
    [
        ("x", (3, 4, 1, 2, 1, 1, 1)),
        ("y", (2, 2, 0, 0, 1, 1, 1)),
        ("any", (5, 6, 1, 2, 2, 2, 2)),
    ],
)
def test_what_was_fixed_broken_moved_and_unchanged_is_counted(
    category: str, counts: tuple[int, ...]
) -> None:
    row = compared(SOME).differences.filter(dataset="d", category_id=category)
    assert row.select(COUNTS).row(0) == counts
    before, fixed, out, same = row.select("n_a", "n_fixed", "n_moved_out", "n_unchanged").row(0)
    assert before == fixed + out + same


def test_transitions_account_for_every_pair() -> None:
    rows = compared(SOME).transitions.filter(dataset="d")
    assert rows["n_pairs"].sum() == 8
    assert rows["pair_share"].sum() == pytest.approx(1)
    moved = rows.filter(from_category_id="x", to_category_id="y")
    assert moved["n_pairs"].to_list() == [1]


def test_all_datasets_together_are_a_dataset_of_their_own() -> None:
    found = compared(SOME, outcomes(("1", "x", "correct"), dataset="e")).differences
    fixed = found.filter(category_id="x").select("dataset", "n_fixed")
    assert dict(fixed.iter_rows()) == {"all": 2, "d": 1, "e": 1}


def test_a_failure_that_nobody_read_tells_of_no_category() -> None:
    rows = outcomes(("1", "x", "correct"), ("2", "not_sampled", "correct"), weight=2.0)
    found = compared(rows).differences.filter(dataset="d")
    assert found["category_id"].to_list() == ["any", "x"]
    assert found["n_pairs"].to_list() == [2, 1]
    assert found["n_not_read"].to_list() == [0, 1]
    assert found["test"].to_list() == ["mcnemar_exact", "durkalski"]


def test_only_shared_examples_are_compared() -> None:
    alone = outcomes(("9", "x", "x")).filter(pl.col("model") == "a")
    found = compared(SOME, alone).differences
    assert set(found["n_pairs"]) == {8}
    assert compared(alone).differences.is_empty()


WORSE = outcomes(*((str(n), "correct", "x") for n in range(20)), ("20", "y", "y"))


def test_a_rise_above_the_limit_that_is_more_than_chance_is_a_regression() -> None:
    rows = compared(WORSE).differences.filter(dataset="d")
    assert regressions(rows, 0.02)["category_id"].to_list() == ["any"]
    everything = regressions(rows, 0.02, is_any_alone=False)
    assert everything["category_id"].to_list() == ["any", "x"]
    assert regressions(rows, 0.99).is_empty()


def test_a_rise_that_may_be_chance_is_none() -> None:
    rows = compared(outcomes(("1", "correct", "x"), ("2", "y", "y"))).differences
    assert regressions(rows, 0.02).is_empty()


def test_the_order_of_rows_does_not_matter() -> None:
    once, again = compared(SOME), compared(SOME.reverse())
    assert once.differences.equals(again.differences)
    assert once.transitions.equals(again.transitions)


def test_deviations_are_from_the_mean_of_the_same_examples() -> None:
    rows = model_deviations(outcomes_by_dataset(WORSE), false_discovery_rate=0.05)
    found = {(m, c): d for m, c, d in rows["model", "category_id", "rate_deviation"].iter_rows()}
    assert found["b", "x"] == pytest.approx(10 / 21)
    assert found["a", "x"] == pytest.approx(-10 / 21)
    assert found["a", "y"] == 0
    significant = rows.filter("is_significant")["category_id"]
    assert set(significant) == {"any", "x"}


def test_one_model_alone_deviates_from_nothing() -> None:
    alone = WORSE.filter(pl.col("model") == "a")
    assert model_deviations(outcomes_by_dataset(alone), false_discovery_rate=0.05).is_empty()
