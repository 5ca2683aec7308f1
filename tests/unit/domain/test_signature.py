import numpy as np
import polars as pl
import pytest

from errormap_dagster.domain.records import Category
from errormap_dagster.domain.shares import wilson_interval
from errormap_dagster.domain.signature import SignatureRules, signatures

CATEGORIES = [
    Category("a", None, 1, "A", "t", "e", "c", 1, "induced"),
    Category("a1", "a", 2, "A1", "t", "e", "c", 1, "induced"),
    Category("a2", "a", 2, "A2", "t", "e", "c", 1, "induced"),
    Category("b", None, 1, "B", "t", "e", "c", 1, "induced"),
]


def assigned(*rows: tuple[str | None, str, float], dataset: str = "d") -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "prediction_id": f"{dataset}{n}",
                "dataset": dataset,
                "model": "m",
                "example_id": f"{n}",
                "category_id": category,
                "status": status,
                "sampling_weight": weight,
            }
            for n, (category, status, weight) in enumerate(rows)
        ],
        schema_overrides={"category_id": pl.String},
    )


def counted(dataset: str = "d", n_failures: int = 4) -> pl.DataFrame:
    row = {"dataset": dataset, "model": "m", "n_predictions": 10, "n_failures": n_failures}
    return pl.DataFrame([{**row, "n_judged": n_failures}])


def shares(frame: pl.DataFrame, dataset: str, depth: int) -> dict[str, float]:
    chosen = frame.filter(pl.col("dataset") == dataset, pl.col("depth") == depth)
    return dict(chosen.select("category_id", "error_share").iter_rows())


ROWS = assigned(
    ("a1", "assigned", 1.0),
    ("a2", "assigned", 1.0),
    ("b", "assigned", 1.0),
    (None, "unassigned", 1.0),
)


def test_an_error_counts_in_its_category_of_each_depth_or_in_its_own() -> None:
    found = signatures(ROWS, counted(), CATEGORIES, taxonomy="t", version=1)
    assert shares(found, "d", 1) == {"a": 0.5, "b": 0.25, "unassigned": 0.25}
    assert shares(found, "d", 2) == {"a1": 0.25, "a2": 0.25, "b": 0.25, "unassigned": 0.25}
    assert shares(found, "all", 1) == shares(found, "d", 1)


def test_weights_speak_for_the_failures_that_were_not_read() -> None:
    rows = assigned(("a1", "assigned", 9.0), ("b", "assigned", 1.0))
    found = signatures(rows, counted(), CATEGORIES, taxonomy="t", version=1)
    assert shares(found, "d", 1) == {"a": 0.9, "b": 0.1}
    assert found.filter(pl.col("category_id") == "a")["n_errors"].to_list() == [1, 1, 1]


def test_all_datasets_together_are_a_dataset_of_their_own() -> None:
    rows = pl.concat(
        [assigned(("a1", "assigned", 1.0)), assigned(("b", "assigned", 3.0), dataset="x")]
    )
    totals = pl.concat([counted(), counted("x", 2)])
    found = signatures(rows, totals, CATEGORIES, taxonomy="t", version=1)
    assert shares(found, "all", 1) == {"a": 0.25, "b": 0.75}
    overall = found.filter(pl.col("dataset") == "all")
    assert set(overall["n_failures"]) == {6}
    assert set(overall["failure_rate"]) == {0.3}


def test_without_a_judged_error_there_is_no_signature() -> None:
    assert signatures(ROWS.clear(), counted(), CATEGORIES, taxonomy="t", version=1).is_empty()


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    [
        pytest.param(0.5, 10.0, 0.2366, 0.7634, id="5 of 10"),
        pytest.param(0.0, 10.0, 0.0, 0.2775, id="0 of 10"),
        pytest.param(1.0, 3.0, 0.4385, 1.0, id="3 of 3"),
        pytest.param(0.1, 100.0, 0.0552, 0.1744, id="10 of 100"),
    ],
)
def test_the_interval_is_wilsons(share: float, n: float, low: float, high: float) -> None:
    # Textbook values: (p + z2/2n +- z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n) with z = 1.95996.
    found = wilson_interval(np.array([share]), np.array([n]))
    assert [round(float(end[0]), 4) for end in found] == [low, high]


def trialled(category: list[str], examples: list[int]) -> pl.DataFrame:
    rows = assigned(*((name, "assigned", 1.0) for name in category))
    return rows.with_columns(example_id=pl.Series([f"e{n}" for n in examples]))


def sizes(rows: pl.DataFrame) -> set[float]:
    found = signatures(rows, counted(n_failures=8), CATEGORIES, taxonomy="t", version=1)
    return {round(n, 6) for n in found.filter(dataset="d", depth=1)["n_effective"]}


def test_independent_errors_of_equal_weight_count_in_full() -> None:
    assert sizes(ROWS) == {4.0}


def test_trials_of_an_example_that_fail_alike_count_as_one() -> None:
    halves = ["a1"] * 4 + ["b"] * 4
    apart = sizes(trialled(halves, list(range(8))))
    alike = sizes(trialled(halves, [0, 0, 0, 0, 1, 1, 1, 1]))
    assert apart == {8.0}
    assert alike <= {n for n in alike if n < 3.0}


def test_of_one_category_alone_examples_count() -> None:
    assert sizes(trialled(["b"] * 8, [0, 0, 0, 0, 1, 1, 1, 1])) == {2.0}


def test_unequal_weights_count_for_less() -> None:
    rows = assigned(*((name, "assigned", w) for w in [9.0, 1.0] * 10 for name in ("a1", "b")))
    assert max(sizes(rows)) < 0.7 * rows.height


def test_a_mean_counts_each_dataset_once() -> None:
    rows = pl.concat(
        [assigned(*[("a1", "assigned", 1.0)] * 9), assigned(("b", "assigned", 1.0), dataset="x")]
    )
    totals = pl.concat([counted(n_failures=9), counted("x", 1)])
    found = signatures(rows, totals, CATEGORIES, taxonomy="t", version=1)
    assert shares(found, "all", 1) == {"a": 0.9, "b": 0.1}
    assert shares(found, "all (macro)", 1) == {"a": 0.5, "b": 0.5}
    mean = found.filter(dataset="all (macro)", depth=1).sort("category_id")
    assert mean["failure_rate"].to_list() == [0.5, 0.5]
    assert mean["error_rate"].round(9).to_list() == [0.45, 0.05]
    assert mean["n_datasets"].to_list() == [2, 2]


def test_a_mean_of_one_dataset_is_that_dataset() -> None:
    found = signatures(ROWS, counted(), CATEGORIES, taxonomy="t", version=1)
    columns = ["depth", "category_id", "error_share", "n_effective", "error_rate"]
    alone, mean = (found.filter(dataset=name)[columns] for name in ("d", "all (macro)"))
    assert alone.rows() == mean.rows()


def test_a_group_is_the_datasets_that_the_settings_name() -> None:
    names = ("d", "x", "y")
    rows = pl.concat([assigned(("a1", "assigned", 1.0), dataset=name) for name in names])
    totals = pl.concat([counted(name) for name in names])
    rules = SignatureRules(groups={"two": ["x", "y", "never landed"]})
    found = signatures(rows, totals, CATEGORIES, taxonomy="t", version=1, rules=rules)
    group = found.filter(dataset="group:two", depth=1)
    assert group["n_errors"].to_list() == [2]
    assert group["scope"].to_list() == ["group"]
    assert group["n_datasets"].to_list() == [2]


@pytest.mark.parametrize(("widest", "is_too_few"), [(0.2, True), (0.9, False)])
def test_a_wide_interval_is_too_few_to_say(widest: float, is_too_few: bool) -> None:
    rules = SignatureRules(widest_interval=widest)
    found = signatures(ROWS, counted(), CATEGORIES, taxonomy="t", version=1, rules=rules)
    assert set(found["is_too_few"]) == {is_too_few}
