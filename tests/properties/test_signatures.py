from random import Random

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from errormap_dagster.domain.records import Category
from errormap_dagster.domain.signature import signatures

TREE = [
    Category("a", None, 1, "A", "t", "e", "c", 1, "induced"),
    Category("b", None, 1, "B", "t", "e", "c", 1, "induced"),
    Category("a1", "a", 2, "A1", "t", "e", "c", 1, "induced"),
    Category("a2", "a", 2, "A2", "t", "e", "c", 1, "induced"),
    Category("a11", "a1", 3, "A11", "t", "e", "c", 1, "induced"),
]
PLACES: list[tuple[str | None, str]] = [
    ("a11", "assigned"),
    ("a2", "assigned"),
    ("b", "assigned"),
    (None, "other"),
    (None, "unassigned"),
]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(PLACES),
        st.sampled_from(["m", "n"]),
        st.sampled_from(["d", "x"]),
        st.floats(1.0, 1e4),
    ),
    min_size=1,
    max_size=40,
)
Rows = list[tuple[tuple[str | None, str], str, str, float]]


def frames(rows: Rows) -> tuple[pl.DataFrame, pl.DataFrame]:
    assigned = pl.DataFrame(
        [
            {
                "prediction_id": f"p{n}",
                "dataset": dataset,
                "model": model,
                "example_id": f"e{n % 7}",
                "category_id": place[0],
                "status": place[1],
                "sampling_weight": weight,
            }
            for n, (place, model, dataset, weight) in enumerate(rows)
        ],
        schema_overrides={"category_id": pl.String},
    )
    counted = assigned.group_by("dataset", "model").agg(
        n_predictions=pl.len().cast(pl.Int64) * 3,
        n_failures=pl.len().cast(pl.Int64) * 2,
        n_judged=pl.len().cast(pl.Int64),
    )
    return assigned, counted


@given(ROWS)
def test_the_shares_of_a_depth_sum_to_one_and_lie_in_their_intervals(rows: Rows) -> None:
    found = signatures(*frames(rows), TREE, taxonomy="t", version=1)
    key = ["model", "dataset", "depth"]
    sums = found.group_by(key).agg(pl.sum("error_share"), pl.sum("n_errors"))
    assert ((sums["error_share"] - 1).abs() < 1e-9).all()
    assert set(found["depth"]) == {1, 2, 3}
    low, share, high = (
        found[name] for name in ("error_share_low", "error_share", "error_share_high")
    )
    assert (low >= 0).all()
    assert (low <= share).all()
    assert (share <= high).all()
    assert (high <= 1).all()


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: Rows, random: Random) -> None:
    assigned, counted = frames(rows)
    order = list(range(assigned.height))
    random.shuffle(order)
    once = signatures(assigned, counted, TREE, taxonomy="t", version=1)
    again = signatures(assigned[order], counted.reverse(), TREE, taxonomy="t", version=1)
    assert again.equals(once)
