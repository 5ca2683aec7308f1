"""What is sent back, asked again, left unread and kept while a list of categories is made."""

import re
from collections.abc import Sequence

import pytest

from errormap_dagster.domain.growth import ChangeType, Growth, StepOperation
from errormap_dagster.domain.records import Category, JudgedError
from errormap_dagster.judge.interface import Operation, TaxonomyLimits
from errormap_dagster.judge.llm.replies import CategoryReply
from listing import EXPLANATION, Fake, errors, growth, listed

NAMES = ["Wrong sums", "Wrong units"]
KEPT = [listed("Wrong sums", "C1"), listed("Wrong units", "C2")]


def operations(grown: Growth) -> list[str]:
    return [step.operation.value for step in grown.steps]


def base(*names: str) -> list[Category]:
    return [
        Category(f"id.{name}", None, 1, name, f"All {name}", "e", "c", place, "induced")
        for place, name in enumerate(names, start=1)
    ]


def claims(grown: Growth) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(c.change_type.value, c.from_category_ids, c.to_category_ids) for c in grown.claims]


def test_updates_stop_once_batches_change_nothing_and_the_steps_say_what_is_unread() -> None:
    fake = Fake(lambda stage, _case: NAMES if stage is Operation.GENERATE else KEPT)
    grown = growth(fake, errors(100), titles_per_call=10)
    assert fake.stages == ["generate", "update", "update", "review"]
    assert operations(grown) == ["generate", "update", "update", "stop_early", "review"]
    assert [step.n_titles for step in grown.steps] == [10, 10, 10, 70, 0]
    assert "70 titles of 70 errors are unread" in grown.steps[3].reason


@pytest.mark.parametrize(("most_unchanged", "n_updates"), [(0, 9), (1, 1), (5, 5)])
def test_how_many_batches_must_change_nothing_is_a_setting(
    most_unchanged: int, n_updates: int
) -> None:
    fake = Fake(lambda stage, _case: NAMES if stage is Operation.GENERATE else KEPT)
    limits = TaxonomyLimits(max_depth=1, stop_after_unchanged=most_unchanged)
    growth(fake, errors(100), limits, titles_per_call=10)
    assert fake.stages.count("update") == n_updates


def test_other_words_are_no_change_but_a_new_category_is() -> None:
    def listing(stage: Operation, case: str) -> Sequence[str | CategoryReply]:
        if stage is not Operation.UPDATE:
            return NAMES
        reworded = [listed("Wrong sums", "C1", description=case[-80:]), KEPT[1]]
        return [*reworded, "Wrong order"] if "title 7\n" in case else reworded

    grown = growth(Fake(listing), errors(40), titles_per_call=10)
    changed = [s.is_changed for s in grown.steps if s.operation is StepOperation.UPDATE]
    assert changed.count(True) <= 1


def test_frequent_titles_are_read_early() -> None:
    often = [JudgedError(f"q{n}", f"often {n % 5}", "s") for n in range(500)]
    fake = Fake(lambda _stage, _case: NAMES)
    growth(fake, [*errors(500), *often], titles_per_call=100)
    assert len(re.findall(r"(?m)^100: often \d$", fake.lists[0][1])) == 5


def test_a_batch_without_an_answer_is_asked_again_in_halves_and_nothing_is_left_out() -> None:
    def listing(_stage: Operation, case: str) -> list[str] | None:
        return None if len(re.findall(r"(?m)^1: title", case)) > 50 else NAMES

    fake = Fake(listing)
    grown = growth(fake, errors(100), TaxonomyLimits(max_depth=1, stop_after_unchanged=0), 80)
    read = {
        title
        for _, case in fake.lists
        if len(found := re.findall(r"(?m)^1: (title \d+)$", case)) <= 50
        for title in found
    }
    assert len(read) == 100
    assert "halves" in grown.steps[0].reason
    assert grown.steps[0].categories == ()


LONG = "Failure to convert the units of the given quantity"


def test_a_list_with_faults_is_sent_back_once_with_them() -> None:
    def listing(_stage: Operation, case: str) -> list[str]:
        return NAMES if "It was sent back" in case else [LONG, "Other errors", *NAMES]

    fake = Fake(listing)
    grown = growth(fake, errors(60))
    assert [category.name for category in grown.categories] == NAMES
    assert fake.stages == ["generate", "generate", "review", "review"]
    assert f"The name '{LONG}' has more than 5 words." in fake.lists[1][1]
    assert "'Other errors' says nothing of what goes wrong." in fake.lists[1][1]
    assert f"\n{LONG}: All {LONG}\n" in fake.lists[1][1]


def test_faults_that_remain_are_mended_and_the_step_says_how() -> None:
    wordy = listed(LONG, description="word " * 40)
    grown = growth(Fake(lambda _stage, _case: [wordy, "Other", *NAMES, *NAMES]), errors(60))
    assert [c.name for c in grown.categories] == ["Failure convert units given quantity", *NAMES]
    assert grown.categories[0].description == "word " * 30 + "..."
    for told in ("more than 5 words", "more than 30 words", "says nothing", "comes twice"):
        assert told in grown.steps[0].reason


def test_too_many_categories_are_sent_back_and_then_cut() -> None:
    names = [f"Wrong {word}" for word in "sums units order dates names signs roots".split()]
    fake = Fake(lambda _stage, _case: names)
    grown = growth(fake, errors(41))
    assert len(grown.categories) == 5
    assert "There are 7 categories; at most 5 are allowed." in fake.lists[1][1]


def test_every_intermediate_list_is_kept_with_its_reason() -> None:
    grown = growth(Fake(lambda _stage, _case: NAMES), errors(30), titles_per_call=20)
    assert [step.number for step in grown.steps] == [1, 2, 3]
    for step in grown.steps:
        assert step.categories == tuple((name, f"All {name}") for name in NAMES)
        assert step.reason == EXPLANATION
        assert step.call_id == "c"


def test_synonyms_are_merged_and_the_step_says_why() -> None:
    names = ["Wrong units", "Unit error", "Skipped step"]
    grown = growth(Fake(lambda _stage, _case: names), errors(60))
    assert [category.name for category in grown.categories] == ["Unit error", "Skipped step"]
    assert grown.steps[-1].operation is StepOperation.MERGE_SYNONYMS
    assert "'Wrong units' means the same as 'Unit error'" in grown.steps[-1].reason


def test_a_list_that_builds_on_others_begins_with_them_and_keeps_their_ids() -> None:
    fake = Fake(lambda _stage, _case: KEPT)
    grown = growth(fake, errors(60), base=base(*NAMES))
    assert fake.stages == ["update", "review"]
    assert "\nC1: Wrong sums: All Wrong sums\n" in fake.lists[0][1]
    assert [c.category_id for c in grown.categories] == ["id.Wrong sums", "id.Wrong units"]
    assert grown.claims == ()
    assert [category.example for category in grown.categories] == ["e", "e"]


def test_what_the_judge_says_of_the_ids_becomes_claims() -> None:
    changed = [
        listed("Wrong totals", "C1"),
        listed("Wrong units", "C2", description="Reworded"),
        listed("Bad premise", "C3", "C4"),
        listed("Early end", "C5"),
        listed("Missing end", "C5"),
        listed("Brand new"),
    ]
    names = ["Wrong sums", "Wrong units", "Left out", "Made up", "Unfinished", "Gone by now"]
    fake = Fake(lambda stage, _case: changed if stage is Operation.UPDATE else None)
    grown = growth(fake, errors(60), base=base(*names))
    ids = {category.name: category.category_id for category in grown.categories}
    assert ids["Wrong totals"] == "id.Wrong sums"
    assert set(claims(grown)) == {
        ("renamed", ("id.Wrong sums",), ("id.Wrong sums",)),
        ("reworded", ("id.Wrong sums",), ("id.Wrong sums",)),
        ("reworded", ("id.Wrong units",), ("id.Wrong units",)),
        ("merged", ("id.Left out", "id.Made up"), (ids["Bad premise"],)),
        ("split", ("id.Unfinished",), (ids["Early end"], ids["Missing end"])),
        ("added", (), (ids["Brand new"],)),
        ("retired", ("id.Gone by now",), ()),
    }
    assert {claim.reason for claim in grown.claims} == {EXPLANATION}


def test_a_part_that_keeps_the_name_keeps_the_id() -> None:
    parts = [listed("Unfinished", "C1"), listed("Missing end", "C1"), listed("Sums", "C2", "C3")]
    fake = Fake(lambda stage, _case: parts if stage is Operation.UPDATE else None)
    grown = growth(fake, errors(60), base=base("Unfinished", "Sums", "Totals"))
    assert [category.category_id for category in grown.categories][::2] == [
        "id.Unfinished",
        "id.Sums",
    ]
    kinds = [claim.change_type for claim in grown.claims]
    assert kinds == [ChangeType.MERGED, ChangeType.SPLIT]


def test_an_id_that_was_never_given_is_a_fault() -> None:
    fake = Fake(lambda _stage, _case: [listed("Wrong sums", "C9"), "Wrong units"])
    growth(fake, errors(60), base=base(*NAMES))
    assert "'C9' in builds_on is no id of the list that was given." in fake.lists[1][1]
