"""The two parts of a share's change add up to it, whatever changed between two refreshes."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errormap_dagster.domain.records import Category
from errormap_dagster.domain.share_decomposition import decompose_shares


def category(key: str, parent: str | None = None, depth: int = 1) -> Category:
    return Category(key, parent, depth, key, "t", "e", "c", 1, "induced")


OLD = [category("a"), category("b")]
NEW = [category("a"), category("a1", "a", 2), category("a2", "a", 2), category("c")]
Row = tuple[str, str, str, str | None, float]


def errors(places: list[str]) -> st.SearchStrategy[list[Row]]:
    row = st.tuples(
        st.integers(0, 30).map(lambda number: f"p{number:02}"),
        st.sampled_from(["m1", "m2"]),
        st.sampled_from(["d1", "d2"]),
        st.sampled_from([None, *places]),
        st.floats(0.1, 50),
    )
    return st.lists(row, max_size=25, unique_by=lambda entry: entry[0])


def frame(rows: list[Row]) -> pl.DataFrame:
    names = ["prediction_id", "model", "dataset", "category_id", "sampling_weight"]
    types = [pl.String, pl.String, pl.String, pl.String, pl.Float64]
    made = pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")
    # A prediction belongs to one model and dataset in both refreshes.
    fixed = pl.col("prediction_id").str.slice(1).cast(pl.Int64)
    return made.with_columns(
        model=pl.format("m{}", fixed % 2),
        dataset=pl.format("d{}", fixed % 3),
        status=pl.when(pl.col("category_id").is_null())
        .then(pl.lit("unassigned"))
        .otherwise(pl.lit("assigned")),
    )


@given(before=errors(["a", "b"]), after=errors(["a1", "a2", "c"]))
def test_the_parts_add_up_to_the_change(before: list[Row], after: list[Row]) -> None:
    rows = decompose_shares(frame(before), frame(after), OLD, NEW)
    known = rows.drop_nulls("previous_error_share")
    change = known["error_share"] - known["previous_error_share"]
    parts = known["new_failures_change"] + known["recategorised_change"]
    assert ((change - parts).abs() < 1e-9).all()
    for column, total in (("error_share", 1), ("previous_error_share", 1)):
        sums = known.group_by("model", "dataset", "depth").agg(pl.sum(column))[column]
        assert ((sums - total).abs() < 1e-9).all()
    for column in ("new_failures_change", "recategorised_change"):
        sums = known.group_by("model", "dataset", "depth").agg(pl.sum(column))[column]
        assert (sums.abs() < 1e-9).all()


@given(rows=errors(["a", "b"]))
def test_nothing_changes_between_equal_refreshes(rows: list[Row]) -> None:
    found = decompose_shares(frame(rows), frame(rows), OLD, OLD)
    assert (found["new_failures_change"] == 0).all()
    assert (found["recategorised_change"] == 0).all()


def test_another_category_is_no_new_failure() -> None:
    before = frame([("p00", "", "", "a", 1.0), ("p06", "", "", "b", 1.0)])
    after = frame([("p00", "", "", "a1", 1.0), ("p06", "", "", "a2", 1.0)])
    rows = decompose_shares(before, after, OLD, NEW).filter(dataset="all", depth=1)
    told = ["category_id", "previous_error_share", "new_failures_change", "recategorised_change"]
    assert rows.select(told).rows() == [("a", 0.5, 0.0, 0.5), ("b", 0.5, 0.0, -0.5)]


def test_new_failures_are_no_other_category() -> None:
    before = frame([("p00", "", "", "a", 1.0)])
    after = frame([("p00", "", "", "a", 1.0), ("p06", "", "", "b", 3.0)])
    rows = decompose_shares(before, after, OLD, OLD).filter(dataset="all", depth=1)
    assert rows["error_share"].to_list() == pytest.approx([0.25, 0.75])
    assert rows["new_failures_change"].to_list() == pytest.approx([-0.75, 0.75])
    assert rows["recategorised_change"].to_list() == [0.0, 0.0]


def test_a_model_that_was_not_counted_before_has_no_change() -> None:
    rows = decompose_shares(frame([]), frame([("p00", "", "", "a", 1.0)]), OLD, OLD)
    assert rows["previous_error_share"].null_count() == rows.height == 2
