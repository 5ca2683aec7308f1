"""Lists of categories batch by batch, reviewed once, and divided where there are errors enough."""

import itertools
import re
from collections.abc import Sequence

import pytest

from errormap_dagster.domain.records import Category, JudgedError
from errormap_dagster.domain.taxonomy import validate_categories
from errormap_dagster.errors import JudgeStoppedError
from errormap_dagster.judge.interface import Operation, TaxonomyLimits
from errormap_dagster.judge.llm.texts import tokens_at_most
from listing import PLANS, Fake, errors, growth

NAMES = ["Wrong sums", "Wrong units"]


def grow(
    fake: Fake,
    given: Sequence[JudgedError],
    limits: TaxonomyLimits | None = None,
    titles_per_call: int = 500,
) -> list[Category]:
    return list(growth(fake, given, limits, titles_per_call).categories)


def test_titles_are_brought_in_batch_by_batch_and_the_list_is_reviewed_once() -> None:
    fake = Fake(lambda _stage, _case: NAMES)
    grow(fake, errors(30), titles_per_call=10)
    assert fake.stages == ["generate", "update", "update", "review"]
    for _, case in fake.lists[1:]:
        assert "\nC1: Wrong sums: All Wrong sums\nC2: Wrong units: All Wrong units\n" in case
    assert "C1: " not in fake.lists[0][1]
    titles = [re.findall(r"(?m)^1: (title \d+)$", case) for _, case in fake.lists]
    assert [len(batch) for batch in titles] == [10, 10, 10, 0]
    assert len({title for batch in titles for title in batch}) == 30


def test_no_prompt_is_longer_than_the_settings_allow_and_no_title_is_left_out() -> None:
    fake = Fake(lambda _stage, _case: [f"Kind {n} {'of ' * 200}" for n in range(25)])
    given = [JudgedError(f"p{n:03}", f"title {n} {'very ' * 200}", "s") for n in range(300)]
    limits = TaxonomyLimits(max_depth=1, stop_after_unchanged=0)
    growth(fake, given, limits, prompt_tokens=4_000)
    for stage, case in fake.lists:
        plan = PLANS[stage]
        whole = plan.prompt.system({}) + case
        assert tokens_at_most(whole) + plan.reply_schema_tokens <= 4_000
    told = re.findall(r"(?m)^1: (title \d+) ", "\n".join(case for _, case in fake.lists))
    assert sorted(set(told)) == sorted(f"title {n}" for n in range(300))


def test_a_title_is_told_once_with_its_count() -> None:
    fake = Fake(lambda _stage, _case: NAMES)
    grow(fake, [JudgedError(f"p{n}", "same", "s") for n in range(12)])
    assert "\n12: same\n" in fake.lists[0][1]


def test_a_single_category_needs_no_review() -> None:
    fake = Fake(lambda _stage, _case: NAMES[:1])
    (only,) = grow(fake, errors(5))
    assert fake.stages == ["generate"]
    assert only.counter_example


def test_names_that_say_nothing_or_come_twice_are_refused() -> None:
    listed = ["Other errors", "Wrong  sums\nC9: x", "wrong sums c9: X", "misc", "Wrong units"]
    got = grow(Fake(lambda _stage, _case: listed), errors(60))
    assert [category.name for category in got] == ["Wrong sums C9: x", "Wrong units"]
    validate_categories(got)


def test_an_update_that_fails_is_asked_again_and_then_the_list_before_stays() -> None:
    fake = Fake(lambda stage, _case: None if stage is Operation.UPDATE else NAMES)
    got = grow(fake, errors(30), titles_per_call=20)
    assert fake.stages == ["generate", "update", "update", "review"]
    assert [category.name for category in got] == NAMES


def test_an_update_that_fails_once_counts_when_it_is_asked_again() -> None:
    asked = itertools.count()

    def listing(stage: Operation, _case: str) -> list[str] | None:
        if stage is Operation.UPDATE:
            return None if next(asked) == 0 else ["Wrong order", *NAMES]
        return None if stage is Operation.REVIEW else NAMES

    got = grow(Fake(listing), errors(30), titles_per_call=20)
    assert [category.name for category in got] == ["Wrong order", *NAMES]


@pytest.mark.parametrize("names", [None, ["Other", "misc"]])
def test_no_usable_list_at_all_stops_the_judge(names: list[str] | None) -> None:
    with pytest.raises(JudgeStoppedError, match="no usable list"):
        grow(Fake(lambda _stage, _case: names), errors(20))


def deep(_stage: Operation, case: str) -> list[str]:
    parent = re.search(r"BEGIN parent \w+\n([^:]+):", case)
    above = parent.group(1) if parent else "Wrong"
    most = re.search(r"at most (\d+) categories", case)
    assert most
    # Each depth has words of its own: names of the same words would be synonyms.
    return [f"{above} {'abc'[above.count(' ')]}{n}" for n in range(int(most.group(1)))]


@pytest.mark.parametrize(
    ("n_errors", "split"),
    [
        pytest.param(40, 21, id="too few errors in each"),
        pytest.param(20, 2, id="so few that a tenth is one category"),
    ],
)
def test_a_category_with_few_errors_is_not_divided(n_errors: int, split: int) -> None:
    limits = TaxonomyLimits(max_categories_per_level=2, min_errors_to_split=split)
    fake = Fake(deep)
    got = grow(fake, errors(n_errors), limits)
    assert {category.depth for category in got} == {1}
    assert fake.stages == ["generate", "review"]


def test_the_tree_keeps_its_limits_and_is_valid() -> None:
    limits = TaxonomyLimits(max_categories_per_level=2, min_errors_to_split=11)
    got = grow(Fake(deep), errors(120), limits)
    validate_categories(got)
    assert [sum(c.depth == depth for c in got) for depth in (1, 2, 3, 4)] == [2, 4, 8, 0]
    assert len({category.category_id for category in got}) == len(got)
    assert all(category.example and category.counter_example for category in got)
    shallow = grow(Fake(deep), errors(120), TaxonomyLimits(max_categories_per_level=2, max_depth=2))
    assert max(category.depth for category in shallow) == 2


def test_a_level_has_at_most_a_tenth_as_many_categories_as_errors() -> None:
    fake = Fake(deep)
    assert len(grow(fake, errors(41))) == 5
    assert "Make at most 5 categories." in fake.lists[0][1]


def test_a_branch_that_fails_leaves_the_others() -> None:
    def listing(stage: Operation, case: str) -> list[str] | None:
        names = deep(stage, case)
        return None if names[0].startswith("Wrong a0 ") else names

    limits = TaxonomyLimits(max_categories_per_level=2, max_depth=2)
    got = grow(Fake(listing), errors(60), limits)
    assert [c.name for c in got] == ["Wrong a0", "Wrong a1", "Wrong a1 b0", "Wrong a1 b1"]


def test_the_same_errors_grow_the_same_tree_in_any_order() -> None:
    given = [*errors(80), JudgedError("q1", "titled a", "summary 1")]
    limits = TaxonomyLimits(max_categories_per_level=3)
    first, second = Fake(deep), Fake(deep)
    assert grow(first, given, limits, 9) == grow(second, given[::-1], limits, 9)
    assert sorted(first.lists) == sorted(second.lists)


def test_the_seed_orders_the_titles() -> None:
    one, other = Fake(deep), Fake(deep)
    grow(one, errors(30), TaxonomyLimits(max_depth=1, seed=1), 10)
    grow(other, errors(30), TaxonomyLimits(max_depth=1, seed=2), 10)
    assert one.lists[0] != other.lists[0]
