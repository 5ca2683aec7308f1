from collections.abc import Sequence
from dataclasses import replace

import polars as pl
import pytest

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.assignment import (
    BY_RULE,
    Assigner,
    assign_errors,
    bases_of,
    chosen_by_a_judge,
    errors_to_classify,
    stands,
)
from errormap_dagster.domain.records import Category, Classification

CATEGORIES = [
    Category("top", None, 1, "Top", "t", "e", "c", 1, "induced"),
    Category("leaf", "top", 2, "Leaf", "t", "e", "c", 1, "induced"),
]


def judged(outcome: str = "error_found", title: str | None = "A title") -> pl.DataFrame:
    row = {
        "prediction_id": "p",
        "dataset": "d",
        "model": "m",
        "outcome": outcome,
        "error_title": title,
        "error_summary": "what went wrong",
    }
    schema = {name: polars_schema("judged_errors")[name] for name in row}
    return pl.DataFrame([row], schema=schema)


ASSIGNER = Assigner("judge", "v1", "basis")


def assigned(
    frame: pl.DataFrame,
    answers: list[Classification],
    categories: Sequence[Category] = CATEGORIES,
    assigner: Assigner = ASSIGNER,
) -> pl.DataFrame:
    return assign_errors(
        frame, answers, categories, assigner=assigner, taxonomy="induced", version=1
    )


@pytest.mark.parametrize(
    ("answer", "status", "category", "reason"),
    [
        pytest.param(
            Classification("p", "leaf", 0.7, "top", "fits"), "assigned", "leaf", None, id="assigned"
        ),
        pytest.param(
            Classification("p", None, 0.1, "leaf", "too far"), "other", None, "too far", id="other"
        ),
        pytest.param(
            Classification("p", "gone", 0.9, None, "fits"),
            "unassigned",
            None,
            "no category of this version",
            id="an id of another version",
        ),
        pytest.param(None, "unassigned", None, "gave no category", id="no answer"),
    ],
)
def test_every_error_is_assigned_or_says_why_not(
    answer: Classification | None, status: str, category: str | None, reason: str | None
) -> None:
    answers = [answer] if answer else []
    rows = assigned(judged(), answers)
    (row,) = rows.iter_rows(named=True)
    assert (row["status"], row["category_id"]) == (status, category)
    assert reason is None if row["reason"] is None else reason and reason in row["reason"]
    assert row["category_path"] == ("Top > Leaf" if category else None)


def test_an_error_that_the_judge_cannot_name_is_unassigned() -> None:
    frame = judged(title=None)
    assert errors_to_classify(frame) == []
    rows = assigned(frame, [])
    assert rows["status"].to_list() == ["unassigned"]
    assert "could not tell" in rows["reason"][0]


@pytest.mark.parametrize("outcome", ["no_error_found", "judge_failed"])
def test_a_failure_without_an_error_is_not_assigned(outcome: str) -> None:
    rows = assigned(judged(outcome, None), [])
    assert rows.is_empty()


RULED = Category("ruled", "top", 2, "Ruled", "t", "e", "c", 2, "user", rule="(?i)what went")
LISTED = Category("listed", "top", 2, "Listed", "t", "e", "c", 3, "user", None, ("p", "gone"))


@pytest.mark.parametrize(
    ("more", "chosen"), [([RULED], "ruled"), ([LISTED], "listed"), ([RULED, LISTED], "listed")]
)
def test_a_rule_or_a_list_of_the_version_goes_before_the_judge(
    more: list[Category], chosen: str
) -> None:
    categories = [*CATEGORIES, *more]
    (row,) = assigned(judged(), [Classification("p", "leaf", 0.7, None, "")], categories).to_dicts()
    assert (row["category_id"], row["judge"], row["confidence"]) == (chosen, BY_RULE, 1.0)
    assert chosen_by_a_judge(categories) == CATEGORIES


@pytest.mark.parametrize(
    ("frame", "assigner"),
    [
        (judged(), replace(ASSIGNER, basis="another prompt")),
        (judged(title="Another title"), ASSIGNER),
        (judged("no_error_found", None), ASSIGNER),
    ],
)
def test_rows_stand_until_the_error_or_the_assigner_changes(
    frame: pl.DataFrame, assigner: Assigner
) -> None:
    rows = assigned(judged(), [Classification("p", "leaf", 0.7, None, "")])
    assert stands(rows, bases_of(judged(), CATEGORIES, ASSIGNER))
    assert not stands(rows, bases_of(frame, CATEGORIES, assigner))


def test_an_error_without_an_answer_is_asked_again() -> None:
    assert not stands(assigned(judged(), []), bases_of(judged(), CATEGORIES, ASSIGNER))
