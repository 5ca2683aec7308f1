"""Errors in batches that stay as they are, and answers by ids of a closed list."""

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.assignment import Assigner, assign_errors
from errormap_dagster.domain.records import Category, Classification, JudgedError
from errormap_dagster.judge.interface import ClassificationTask, Operation
from errormap_dagster.judge.llm.classifying import Classifier, stable_batches
from errormap_dagster.judge.llm.client import Answer
from errormap_dagster.judge.llm.plan import StagePlan, plan_of
from errormap_dagster.judge.llm.replies import ClassificationReply, ClassifiedError
from errormap_dagster.judge.llm.texts import tokens_at_most
from errormap_dagster.judge_settings import JudgeSettings
from listing import CALL

PLAN = plan_of(JudgeSettings(kind="llm", model="m"), Operation.CLASSIFY)
TEXTS = st.sets(st.tuples(st.text("abcdefgh", max_size=6), st.text("xyz", max_size=3)), max_size=80)
Choose = Callable[[int, str, int], tuple[str, str | None] | None]


def category(key: str, priority: int) -> Category:
    return Category(f"id.{key}", None, 1, f"Name {key}", f"All {key}", "", "", priority, "test")


CATEGORIES = [category("b", 2), category("a", 1)]


class Fake:
    """Answers each line of a batch with what ``choose(number, title, n_asked)`` says of it."""

    def __init__(self, choose: Choose) -> None:
        self._choose = choose
        self.titles: list[list[str]] = []
        self.systems: list[str] = []
        self.cases: list[str] = []

    async def ask(self, plan: StagePlan, system: str, case: str) -> Answer:
        """Answer as a client would."""
        assert plan is PLAN
        lines = re.findall(r"(?m)^\[(\d+)\] ([^:]*):", case)
        self.titles.append([title for _, title in lines])
        self.systems.append(system)
        self.cases.append(case)
        await asyncio.sleep(0)
        said: list[ClassifiedError] = []
        for number, title in lines:
            chosen = self._choose(int(number), title, len(self.titles))
            if chosen:
                said.append(classified(int(number), *chosen))
        return Answer(ClassificationReply(classifications=said), CALL)


def classified(number: int, key: str, runner_up: str | None) -> ClassifiedError:
    return ClassifiedError(
        error_number=number,
        reason="why",
        category_id=key,
        runner_up_category_id=runner_up,
        confidence=0.75,
    )


def errors(*titles: str) -> list[JudgedError]:
    return [JudgedError(f"p{n}", title, "summary") for n, title in enumerate(titles)]


def classify(fake: Any, given: Sequence[JudgedError], most: int = 50) -> list[Classification]:
    task = ClassificationTask(given, CATEGORIES)
    return asyncio.run(Classifier(fake.ask, PLAN, most).classify(task))


@settings(derandomize=True, deadline=None, max_examples=80)
@given(TEXTS, st.integers(1, 9), st.tuples(st.just("new"), st.text("xyz", max_size=3)))
def test_a_text_more_changes_no_batch_but_its_own(
    texts: set[tuple[str, str]], most: int, added: tuple[str, str]
) -> None:
    before = stable_batches(sorted(texts), most)
    assert sorted(text for batch in before for text in batch) == sorted(texts)
    assert all(1 <= len(batch) <= most for batch in before)
    assert before == stable_batches(sorted(texts, reverse=True), most)
    after = stable_batches(sorted({*texts, added}), most)
    kept = [batch for batch in before if batch in after]
    assert len(before) - len(kept) <= 1
    assert len(after) - len(kept) <= 2 or all(
        set(batch) <= {*_changed(before, kept), added} for batch in after if batch not in kept
    )


def _changed(
    before: list[list[tuple[str, str]]], kept: list[list[tuple[str, str]]]
) -> list[tuple[str, str]]:
    return [text for batch in before if batch not in kept for text in batch]


def test_ids_of_the_prompt_are_given_by_priority_and_mapped_back() -> None:
    fake = Fake(lambda _number, _title, _asked: ("C1", "C2"))
    (got,) = classify(fake, errors("x"))
    assert got == Classification("p0", "id.a", 0.75, "id.b", "why")
    assert "\nC1: Name a: All a\nC2: Name b: All b\n" in fake.systems[0]


@pytest.mark.parametrize("runner_up", ["C0", "C9", "", None, "C1"])
def test_a_runner_up_that_is_no_other_category_is_none(runner_up: str | None) -> None:
    (got,) = classify(Fake(lambda _number, _title, _asked: ("C1", runner_up)), errors("x"))
    assert got.runner_up_category_id is None


def test_an_error_that_fits_nowhere_has_no_category() -> None:
    (got,) = classify(Fake(lambda _number, _title, _asked: ("C0", "C2")), errors("x"))
    assert (got.category_id, got.runner_up_category_id) == (None, "id.b")


@pytest.mark.parametrize("bad", [None, ("C3", None), ("id.a", None)])
def test_what_is_left_out_or_misnamed_is_asked_once_more_for_itself(
    bad: tuple[str, str | None] | None,
) -> None:
    fake = Fake(lambda _number, title, asked: bad if title == "y" and asked == 1 else ("C1", None))
    got = classify(fake, errors("x", "y", "z"))
    assert [len(titles) for titles in fake.titles] == [3, 1]
    assert fake.titles[1] == ["y"]
    assert [c.prediction_id for c in got] == ["p0", "p1", "p2"]


def test_what_is_never_answered_is_left_out_and_ends_unassigned() -> None:
    fake = Fake(lambda _number, title, _asked: None if title == "y" else ("C0", None))
    given_errors = errors("x", "y")
    got = classify(fake, given_errors)
    assert [c.prediction_id for c in got] == ["p0"]
    assert len(fake.titles) == 2
    judged = pl.DataFrame(
        [
            {"prediction_id": e.prediction_id, "outcome": "error_found", "error_title": "t"}
            for e in given_errors
        ],
        schema=polars_schema("judged_errors"),
    )
    assigner = Assigner("m", "v1", "basis")
    rows = assign_errors(judged, got, CATEGORIES, assigner=assigner, taxonomy="t", version=1)
    assert rows["status"].to_list() == ["other", "unassigned"]


@pytest.mark.parametrize("number", [0, -1, 4, 99])
def test_an_answer_to_an_error_that_was_not_asked_counts_for_none(number: int) -> None:
    class Beside(Fake):
        async def ask(self, plan: StagePlan, system: str, case: str) -> Answer:
            """Answer with one number, whatever was asked."""
            await super().ask(plan, system, case)
            return Answer(
                ClassificationReply(classifications=[classified(number, "C1", None)]), CALL
            )

    assert classify(Beside(lambda *_: None), errors("x", "y", "z")) == []


def test_equal_texts_are_one_question_with_an_answer_for_each() -> None:
    fake = Fake(lambda _number, _title, _asked: ("C2", None))
    got = classify(fake, errors("x", "x", "x"))
    assert fake.titles == [["x"]]
    assert [(c.prediction_id, c.category_id) for c in got] == [(f"p{n}", "id.b") for n in range(3)]


def test_no_text_begins_a_line_of_its_own_in_the_list() -> None:
    fake = Fake(lambda _number, _title, _asked: ("C1", None))
    classify(fake, [JudgedError("p", "Odd\n[2] fake: x", "sum\n[3] fake: y\n" * 300)])
    assert fake.titles == [["Odd [2] fake"]]
    assert "characters left out" in fake.cases[0]


def test_every_batch_has_the_same_system_part() -> None:
    fake = Fake(lambda _number, _title, _asked: ("C1", None))
    got = classify(fake, errors(*(f"title {n}" for n in range(40))), most=7)
    assert len(got) == 40
    assert len(fake.systems) > 5
    assert len(set(fake.systems)) == 1


@pytest.mark.parametrize("most_tokens", [3_000, 12_000])
def test_long_texts_and_many_categories_keep_the_limit_of_a_prompt(most_tokens: int) -> None:
    fake = Fake(lambda _number, _title, _asked: ("C1", None))
    choices = [
        Category(f"id.{n}", None, 1, f"Name {n}", f"About {n}. " * 60, "", "", n, "test")
        for n in range(80)
    ]
    given = [JudgedError(f"p{n}", f"title {n}", f"Why {n} is wrong. " * 80) for n in range(120)]
    task = ClassificationTask(given, choices)
    got = asyncio.run(Classifier(fake.ask, PLAN, 50, most_tokens).classify(task))
    assert {c.prediction_id for c in got} == {e.prediction_id for e in given}
    assert sorted(title for titles in fake.titles for title in titles) == sorted(
        e.error_title for e in given
    )
    for system, case in zip(fake.systems, fake.cases, strict=True):
        assert tokens_at_most(system) + tokens_at_most(case) <= most_tokens
        assert all(f"\nC{n}: Name {n - 1}: " in system for n in range(1, 81))
    assert "characters left out" in fake.systems[0]


def test_without_errors_or_categories_nothing_is_asked() -> None:
    fake = Fake(lambda *_: None)
    assert classify(fake, []) == []
    nothing = Classifier(fake.ask, PLAN, 5).classify(ClassificationTask(errors("x"), []))
    assert asyncio.run(nothing) == []
    assert fake.titles == []
