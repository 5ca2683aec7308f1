"""What a category is in the atlas: by the errors of both, else by its words."""

from collections.abc import Sequence

import polars as pl
import pytest

from errormap_dagster.contracts.check import violations
from errormap_dagster.domain.crosswalk import Side, as_errors, crosswalk_rows
from errormap_dagster.domain.records import Category, Classification


def category(category_id: str, parent: str | None = None) -> Category:
    depth = 1 if parent is None else 2
    return Category(
        category_id, parent, depth, category_id, f"about {category_id}", "e", "c", 1, ""
    )


def side(categories: list[Category], places: Sequence[str | None]) -> Side:
    rows = [(f"p{n:04}", place, "assigned" if place else "other") for n, place in enumerate(places)]
    schema = {"prediction_id": pl.String, "category_id": pl.String, "status": pl.String}
    return Side(1, categories, pl.DataFrame(rows, schema=schema, orient="row"))


def walk(
    own: list[str | None], atlas: list[str | None], said: str | None = None
) -> dict[str, object]:
    words = [Classification("own", said, 0.8, None, "alike")]
    atlas_side = side([category("one"), category("two"), category("part", "one")], atlas)
    rows = crosswalk_rows("induced", side([category("own")], own), atlas_side, words)
    assert violations("taxonomy_crosswalk", rows) == []
    return rows.row(0, named=True)


@pytest.mark.parametrize(
    ("own", "atlas", "relation", "to"),
    [
        pytest.param(["own"] * 10, ["two"] * 10, "exact", "two", id="the same errors"),
        pytest.param(["own"] * 10, ["two"] * 9 + ["one"], "exact", "two", id="nearly"),
        pytest.param(["own"] * 20, ["two"] * 8 + ["one"] * 12, "narrower", "one", id="the most"),
        pytest.param(
            ["own"] * 30,
            ["two"] * 10 + ["one"] * 10 + [None] * 10,
            "narrower",
            "one",
            id="all of the atlas's category and more",
        ),
    ],
)
def test_the_errors_decide(
    own: list[str | None], atlas: list[str | None], relation: str, to: str
) -> None:
    got = walk(own, atlas)
    assert (got["relation"], got["atlas_category_id"]) == (relation, to)


def test_a_category_within_a_larger_one_has_a_broader_one() -> None:
    own = side([category("own"), category("rest")], ["own"] * 6 + ["rest"] * 34)
    atlas = side([category("two")], ["two"] * 40)
    rows = crosswalk_rows("induced", own, atlas, [])
    assert rows["relation"].to_list() == ["broader", "exact"]
    assert rows["n_atlas"].to_list() == [40, 40]


def test_with_too_few_errors_the_words_decide_and_say_so() -> None:
    got = walk(["own"] * 2, ["two"] * 2, said="one")
    assert (got["relation"], got["atlas_category_id"]) == ("related", "one")
    assert got["confidence"] == pytest.approx(0.4)
    assert "by the words alone" in str(got["reason"])


def test_words_and_errors_that_differ_are_told() -> None:
    assert walk(["own"] * 10, ["two"] * 10, said="one")["is_agreed"] is False
    assert walk(["own"] * 10, ["two"] * 10, said="two")["is_agreed"] is True
    assert walk(["own"] * 10, ["two"] * 10)["is_agreed"] is None


def test_without_errors_and_words_there_is_none() -> None:
    got = walk([None] * 5, [None] * 5)
    assert (got["relation"], got["atlas_category_id"]) == ("none", None)


def test_a_category_is_put_to_a_judge_by_its_words() -> None:
    (error,) = as_errors([category("own")])
    assert (error.prediction_id, error.error_title) == ("own", "own")
    assert error.error_summary == "about own e"
