from collections.abc import Sequence

import pytest

from errormap_dagster.domain.growth import ChangeType
from errormap_dagster.domain.records import Category, JudgedError
from errormap_dagster.domain.taxonomy import validate_categories
from errormap_dagster.judge.embedded.categories import grow_categories as grow
from errormap_dagster.judge.interface import TaxonomyLimits

TITLES = ["Addition error", "Multiplication error", "Empty output", "Wrong letter case",
          "Required keyword missing", "Stops before the last step"]  # fmt: skip
LIMITS = TaxonomyLimits()


def grow_categories(
    given: list[JudgedError], limits: TaxonomyLimits, base: Sequence[Category] = ()
) -> list[Category]:
    return list(grow(given, limits, base).categories)


def errors(n: int, titles: list[str] = TITLES) -> list[JudgedError]:
    return [
        JudgedError(f"p{i:04}", titles[i % len(titles)], f"{titles[i % len(titles)]} at {i % 7}")
        for i in range(n)
    ]


def at_depth(categories: list[Category], depth: int) -> list[Category]:
    return [category for category in categories if category.depth == depth]


@pytest.mark.parametrize("n", [1, 2, 9, 10, 60, 300])
def test_any_number_of_errors_makes_a_usable_tree(n: int) -> None:
    categories = grow_categories(errors(n), LIMITS)
    validate_categories(categories)
    assert at_depth(categories, 1)
    assert all(category.depth <= LIMITS.max_depth for category in categories)


def test_up_to_ten_errors_make_one_category_as_the_limit_says() -> None:
    assert len(at_depth(grow_categories(errors(10), LIMITS), 1)) == 1


def test_many_errors_are_told_apart() -> None:
    names = {category.name for category in grow_categories(errors(300), LIMITS)}
    assert {"Empty output", "Wrong letter case"} <= names


def test_a_single_title_may_be_divided_by_what_the_summaries_say() -> None:
    ways = ["the comma is missing in the list", "a sign was carried twice", "units were mixed up"]
    mixed = [JudgedError(f"p{i:04}", "Only title", ways[i % 3]) for i in range(90)]
    categories = grow_categories(mixed, LIMITS)
    validate_categories(categories)
    assert len(categories) >= 3


def test_errors_that_all_say_the_same_make_one_category() -> None:
    same = [JudgedError(f"p{i}", "Only title", "the same words") for i in range(40)]
    assert [category.name for category in grow_categories(same, LIMITS)] == ["Only title"]


def test_the_order_of_the_errors_does_not_matter() -> None:
    assert grow_categories(errors(120), LIMITS) == grow_categories(errors(120)[::-1], LIMITS)


@pytest.mark.parametrize(
    "limits",
    [
        TaxonomyLimits(max_categories_per_level=2),
        TaxonomyLimits(max_depth=1),
        TaxonomyLimits(max_name_words=2, max_description_words=6),
        TaxonomyLimits(min_errors_to_split=1000),
    ],
    ids=["breadth", "depth", "words", "splits"],
)
def test_limits_are_kept(limits: TaxonomyLimits) -> None:
    categories = grow_categories(errors(300), limits)
    validate_categories(categories)
    assert len(at_depth(categories, 1)) <= limits.max_categories_per_level
    assert max(category.depth for category in categories) <= limits.max_depth
    for category in categories:
        assert len(category.name.split()) <= limits.max_name_words + 1
        assert len(category.description.split()) <= limits.max_description_words + 1


def test_more_errors_than_are_compared_are_all_placed() -> None:
    ways = ["the comma is missing in the list", "a sign was carried twice"]
    mixed = [JudgedError(f"p{i:04}", "Only title", f"{ways[i % 2]}") for i in range(900)]
    categories = grow_categories(mixed, LIMITS)
    assert len(at_depth(categories, 1)) == 2


def test_a_category_that_comes_again_keeps_its_id() -> None:
    first = grow(errors(120), LIMITS).categories
    again = grow(errors(180), LIMITS, first)
    assert {c.category_id for c in first} <= {c.category_id for c in again.categories}


def test_the_same_errors_on_their_own_categories_change_nothing() -> None:
    first = grow(errors(240), LIMITS).categories
    again = grow(errors(240), LIMITS, first)
    assert (again.categories, again.claims) == (first, ())


def test_titles_that_are_new_are_claimed_as_additions() -> None:
    first = grow(errors(120), LIMITS).categories
    more = [JudgedError(f"q{i:04}", "Quoted source misread", f"passage {i}") for i in range(60)]
    again = grow([*errors(120), *more], LIMITS, first)
    (added,) = [claim for claim in again.claims if claim.change_type is ChangeType.ADDED]
    names = {category.category_id: category.name for category in again.categories}
    assert [names[i] for i in added.to_category_ids] == ["Quoted source misread"]
    assert "Quoted source misread" in added.reason


def test_each_level_is_a_step_that_says_what_was_grouped() -> None:
    grown = grow(errors(300), LIMITS)
    assert [step.number for step in grown.steps] == list(range(1, len(grown.steps) + 1))
    assert (grown.steps[0].n_titles, grown.steps[0].n_errors) == (6, 300)
    assert grown.steps[0].parent_category_id is None


def test_many_distinct_titles_are_grouped_without_comparing_them_all() -> None:
    kinds = ["carry digit dropped", "unit left unconverted", "quote not closed"]
    many = [JudgedError(f"p{i:05}", f"{kinds[i % 3]} in case{i}", "same") for i in range(3_000)]
    tops = at_depth(grow_categories(many, LIMITS), 1)
    assert len(tops) == 3
