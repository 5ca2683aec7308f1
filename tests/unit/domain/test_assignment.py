import polars as pl
import pytest

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.assignment import assign_errors, errors_to_classify
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
    rows = assign_errors(judged(), answers, CATEGORIES, taxonomy="induced", version=1)
    (row,) = rows.iter_rows(named=True)
    assert (row["status"], row["category_id"]) == (status, category)
    assert reason is None if row["reason"] is None else reason and reason in row["reason"]
    assert row["category_path"] == ("Top > Leaf" if category else None)


def test_an_error_that_the_judge_cannot_name_is_unassigned() -> None:
    frame = judged(title=None)
    assert errors_to_classify(frame) == []
    rows = assign_errors(frame, [], CATEGORIES, taxonomy="induced", version=1)
    assert rows["status"].to_list() == ["unassigned"]
    assert "could not tell" in rows["reason"][0]


@pytest.mark.parametrize("outcome", ["no_error_found", "judge_failed"])
def test_a_failure_without_an_error_is_not_assigned(outcome: str) -> None:
    rows = assign_errors(judged(outcome, None), [], CATEGORIES, taxonomy="induced", version=1)
    assert rows.is_empty()
