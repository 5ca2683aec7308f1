import math
from typing import Any

import polars as pl
import pytest

from errormap_dagster.ingest.interface import Batch, rejects
from errormap_dagster.ingest.normalise import Normalised, normalise

USUAL = {"example_id": "e", "model": "m", "output_text": "o", "score": "1"}


def normalised(**values: Any) -> Normalised:
    row = {"row_number": 1, **USUAL, **values}
    kinds = {name: pl.String for name, value in row.items() if value is None}
    return normalise(Batch(pl.DataFrame([row], schema_overrides=kinds), rejects([])), "file")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"model": None}, "missing_model"),
        ({"model": "  "}, "missing_model"),
        ({"example_id": ""}, "missing_example_id"),
        ({"dataset": " "}, "missing_dataset"),
        ({"dataset": "all"}, "reserved_name"),
        ({"score": None}, "missing_score"),
        ({"score": ""}, "missing_score"),
        ({"score": "NaN"}, "score_not_finite"),
        ({"score": "-inf"}, "score_not_finite"),
        ({"score": math.nan}, "score_not_finite"),
        ({"score": math.inf}, "score_not_finite"),
        ({"score": "n/a"}, "score_not_a_number"),
        ({"score": "1,5"}, "score_not_a_number"),
        ({"trial": "first"}, "invalid_value"),
        ({"trial": "1.5"}, "invalid_value"),
        ({"trial": "-1"}, "invalid_value"),
        ({"higher_is_better": "perhaps"}, "invalid_value"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(values: dict[str, Any], reason: str) -> None:
    told = normalised(**values)
    assert told.predictions.is_empty()
    (row,) = told.rejects.iter_rows(named=True)
    assert row["reason"] == reason
    assert row["detail"]
    assert row["raw_row"]


@pytest.mark.parametrize(
    ("given", "score"),
    [
        ("0.25", 0.25),
        (" 1 ", 1.0),
        ("1e-3", 0.001),
        ("True", 1.0),
        ("false", 0.0),
        (3, 3.0),
        (-2.5, -2.5),
    ],
)
def test_scores_are_numbers_or_truth_values(given: object, score: float) -> None:
    assert normalised(score=given).predictions["score"].to_list() == [score]


def test_what_a_row_does_not_say_is_null_or_the_default() -> None:
    (row,) = normalised().predictions.iter_rows(named=True)
    assert row["dataset"] == "file"
    assert row["metric"] == "score"
    assert row["input_text"] is None
    assert row["trial"] is None
    assert row["higher_is_better"] is None


@pytest.mark.parametrize(
    ("given", "flag"), [("true", True), ("False", False), ("1", True), ("0", False)]
)
def test_the_direction_is_read_in_the_usual_spellings(given: str, flag: bool) -> None:
    assert normalised(higher_is_better=given).predictions["higher_is_better"].to_list() == [flag]


def test_a_trial_may_be_written_as_a_float() -> None:
    assert normalised(trial="2.0").predictions["trial"].to_list() == [2]
