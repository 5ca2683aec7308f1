"""Categories that come again are matched by the errors they share, whatever they are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from errormap_dagster.contracts.check import violations
from errormap_dagster.domain.records import Category, JudgedError
from errormap_dagster.domain.stability import Placing, adjusted_rand, resampled, stability_rows

LABELS = st.lists(st.sampled_from([None, "a", "b", "c"]), min_size=2, max_size=40)


def category(category_id: str, parent: str | None = None) -> Category:
    depth = 1 if parent is None else 2
    return Category(category_id, parent, depth, f"Name of {category_id}", "", "", "", 1, "induced")


def places(**members: int) -> dict[str, str | None]:
    """So many errors in each category; "none" is no category."""
    names = [name for name, n in members.items() for _ in range(n)]
    return {f"p{n:03}": None if name == "none" else name for n, name in enumerate(names)}


def test_another_name_and_another_order_are_no_instability() -> None:
    stands = Placing([category("a"), category("b")], places(a=30, b=20))
    again = Placing([category("y"), category("x")], places(x=30, y=20))
    rows = stability_rows("induced", 1, 1, stands, again)
    assert violations("taxonomy_stability", rows) == []
    assert rows["matched_name"].to_list() == ["Name of x", "Name of y"]
    assert rows["jaccard"].to_list() == [1.0, 1.0]
    assert rows["adjusted_rand"].to_list() == [1.0, 1.0]


def test_a_category_that_is_taken_apart_holds_by_its_largest_part() -> None:
    stands = Placing([category("a"), category("b")], places(a=40, b=10))
    again = Placing([category("x"), category("y"), category("z")], places(x=30, y=10, z=10))
    rows = {row["category_id"]: row for row in stability_rows("t", 1, 1, stands, again).to_dicts()}
    assert rows["a"]["jaccard"] == pytest.approx(0.75)
    assert (rows["a"]["n_shared"], rows["a"]["n_matched"]) == (30, 30)
    assert rows["b"]["jaccard"] == 1.0
    assert rows["a"]["adjusted_rand"] < 1


def test_two_categories_never_match_the_same_one() -> None:
    stands = Placing([category("a"), category("b")], places(a=30, b=20))
    again = Placing([category("x")], places(x=50))
    rows = {row["category_id"]: row for row in stability_rows("t", 1, 1, stands, again).to_dicts()}
    assert rows["a"]["matched_name"] == "Name of x"
    assert (rows["b"]["matched_name"], rows["b"]["jaccard"]) == (None, 0.0)


def test_a_category_above_has_the_errors_of_those_below_it() -> None:
    tree = [category("a"), category("a1", "a"), category("a2", "a"), category("b")]
    stands = Placing(tree, places(a1=5, a2=5, b=5))
    again = Placing([category("x"), category("y")], places(x=10, y=5))
    rows = {row["category_id"]: row for row in stability_rows("t", 1, 1, stands, again).to_dicts()}
    assert rows["a"]["jaccard"] == 1.0
    assert rows["a1"]["matched_name"] is None


def test_a_category_without_errors_says_nothing() -> None:
    stands = Placing([category("a"), category("b")], places(a=5))
    (_, empty) = stability_rows("t", 1, 1, stands, stands).to_dicts()
    assert (empty["category_id"], empty["jaccard"]) == ("b", None)


@given(st.data())
def test_the_adjusted_rand_index_is_that_of_scikit_learn(data: st.DataObject) -> None:
    one = data.draw(LABELS)
    other = data.draw(
        st.lists(st.sampled_from([None, "a", "b"]), min_size=len(one), max_size=len(one))
    )
    expected = adjusted_rand_score(list(map(str, one)), list(map(str, other)))
    assert adjusted_rand(one, other) == pytest.approx(expected, abs=1e-9)


def test_samples_and_their_order_follow_the_seed_alone() -> None:
    errors = [JudgedError(f"p{n}", "t", "s") for n in range(100)]
    assert resampled(errors, 0.8, 1) == resampled(errors[::-1], 0.8, 1)
    assert len(resampled(errors, 0.8, 1)) == 80
    assert resampled(errors, 0.8, 1) != resampled(errors, 0.8, 2)
