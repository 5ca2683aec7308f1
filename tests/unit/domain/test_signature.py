import numpy as np
import polars as pl
import pytest

from errormap_dagster.domain.records import Category
from errormap_dagster.domain.signature import signatures, wilson_interval

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
    assert found.filter(pl.col("category_id") == "a")["n_errors"].to_list() == [1, 1]


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
