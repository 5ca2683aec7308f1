import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from errormap_dagster.ingest.choices import Reading

Row = dict[str, Any]
Land = Callable[..., Any]
WriteDetails = Callable[..., Path]
DATE = "2026-01-02T03-04-05.678901"
FOLDER = f"out/details/org/m/{DATE}"


def nested(doc: Row | None = None, response: Row | None = None, **metric: object) -> Row:
    usual_doc: Row = {
        "query": "How many?",
        "choices": ["4"],
        "gold_index": 0,
        "id": "7",
        "task_name": "sums|0",
    }
    usual: Row = {"input": "Q: How many?", "text": [" 5 "], "text_post_processed": ["5"]}
    return {
        "doc": {**usual_doc, **(doc or {})},
        "metric": metric or {"exact": 0.0},
        "model_response": {**usual, **(response or {})},
    }


def flat(**values: object) -> Row:
    usual: Row = {
        "example": "How many?",
        "full_prompt": "Shots. How many?",
        "predictions": "['5']",
        "gold": "['4']",
        "choices": "['4']",
        "gold_index": "[0]",
        "metrics": {"exact": 0.0},
        "pred_logits": "[]",
    }
    return {**usual, **values}


@pytest.fixture
def write_details(tmp_path: Path) -> WriteDetails:
    """Writes a details file of some rows."""

    def write(rows: list[Row], task: str = "sums|0", folder: str = FOLDER) -> Path:
        path = tmp_path / folder / f"details_{task}_{DATE}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame(rows, strict=False).write_parquet(path)
        return path

    return write


def test_a_row_of_structs_becomes_a_prediction(land: Land, write_details: WriteDetails) -> None:
    row = land(write_details([nested()])).only
    assert (row["dataset"], row["model"], row["example_id"]) == ("sums", "org/m", "7")
    assert (row["input_text"], row["output_text"]) == ("Q: How many?", "5")
    assert (row["correct_answer"], row["score"], row["metric"]) == ("4", 0.0, "exact")
    assert row["run_id"] == DATE


def test_columns_may_be_written_with_underscores(land: Land, write_details: WriteDetails) -> None:
    dunder = {f"__{name}__": value for name, value in nested().items()}
    assert land(write_details([dunder])).only["example_id"] == "7"


def test_a_row_of_flat_columns_becomes_a_prediction(
    land: Land, write_details: WriteDetails
) -> None:
    row = land(write_details([flat()], task="leaderboard|sums|5|0")).only
    assert row["dataset"] == "sums"
    assert (row["input_text"], row["output_text"]) == ("Shots. How many?", "5")
    assert (row["correct_answer"], row["score"]) == ("4", 0.0)


def test_flat_rows_have_the_same_id_in_every_run(land: Land, write_details: WriteDetails) -> None:
    one = write_details([flat(example="A?"), flat(example="B?")])
    two = write_details([flat(example="B?")], folder=FOLDER.replace("org/m", "org/n"))
    rows = land(one, two).rows
    assert len({row["example_id"] for row in rows}) == 2
    assert len(rows) == 3


@pytest.mark.parametrize(("metric", "taken"), [("acc", "no"), ("acc_norm", "a long one")])
def test_in_multiple_choice_the_answer_is_the_likeliest_choice_by_the_metric(
    land: Land, write_details: WriteDetails, metric: str, taken: str
) -> None:
    doc: Row = {"choices": ["no", "a long one"], "gold_index": [1]}
    response: Row = {"input": None, "text": [], "text_post_processed": None}
    row = nested(doc, {**response, "logprobs": [-2.0, -3.0]}, acc=0.0, acc_norm=1.0)
    read = land(write_details([row]), reading=Reading({"sums": metric})).only
    assert (read["output_text"], read["correct_answer"]) == (taken, "a long one")
    assert read["input_text"] == "How many?\nOptions:\nA. no\nB. a long one"


def test_flat_multiple_choice_holds_its_log_likelihoods_as_text(
    land: Land, write_details: WriteDetails
) -> None:
    row = flat(predictions="[]", choices="['red', 'blue']", gold_index="1", pred_logits="[-1, -2]")
    read = land(write_details([row])).only
    assert (read["output_text"], read["correct_answer"]) == ("red", "blue")


def test_several_correct_choices_are_a_list(land: Land, write_details: WriteDetails) -> None:
    row = land(write_details([nested({"choices": ["a", "b", "c"], "gold_index": [0, 2]})])).only
    assert row["correct_answer"] == '["a", "c"]'


def test_thoughts_stand_before_the_answer_and_the_first_of_several_texts_counts(
    land: Land, write_details: WriteDetails
) -> None:
    told: Row = {"text_post_processed": ["5", "4"], "reasonings": ["Two and two.", None]}
    row = land(write_details([nested(response=told)])).only
    assert row["output_text"] == "<think>\nTwo and two.\n</think>\n5"


def test_messages_are_shown_as_text(land: Land, write_details: WriteDetails) -> None:
    messages = [{"role": "system", "content": "Brief."}, {"role": "user", "content": "Q?"}]
    row = land(write_details([nested(response={"input": messages})])).only
    assert row["input_text"] == "system: Brief.\n\nuser: Q?"


def test_metrics_of_the_whole_set_are_no_scores(land: Land, write_details: WriteDetails) -> None:
    both = land(write_details([nested(corpus=[1.0, 2.0], exact=0.0)]))
    assert both.only["metric"] == "exact"
    alone = land(write_details([nested(corpus=[1.0, 2.0])], task="other|0"))
    assert alone.refused == [(1, "no_instance_score")]


def test_a_score_that_is_missing_or_not_a_number_is_no_zero(
    land: Land, write_details: WriteDetails
) -> None:
    rows = [
        nested(exact=1.0),
        nested({"id": "8"}, exact=float("nan")),
        nested({"id": "9"}, exact=None),
    ]
    assert land(write_details(rows)).refused == [(2, "unscored"), (3, "unscored")]


def test_types_may_differ_from_file_to_file(land: Land, write_details: WriteDetails) -> None:
    one = write_details([nested({"gold_index": 0})], task="a|0")
    two = write_details([nested({"gold_index": [[0]], "choices": ["4", "5"]})], task="b|0")
    assert [row["correct_answer"] for row in land(one, two).rows] == ["4", "4"]


def test_task_names_may_hold_bars_and_colons(land: Land, write_details: WriteDetails) -> None:
    path = write_details([nested()], task="lighteval|arc:challenge|25|0")
    assert land(path).only["dataset"] == "arc:challenge"


def test_the_model_is_that_of_the_results(
    land: Land, write_details: WriteDetails, write_json: Callable[[str, Any], Path]
) -> None:
    path = write_details([nested()])
    told = {"config_general": {"model_name": "Org/M-1"}, "results": {}}
    results = write_json(f"out/results/org/m/results_{DATE}.json", told)
    landed = land(path, results)
    assert landed.only["model"] == "Org/M-1"
    assert landed.files[results.name]["status"] == "auxiliary"


def test_a_repository_of_details_names_its_model(land: Land, write_details: WriteDetails) -> None:
    path = write_details([nested()], folder=f"details_org__m-2_private/{DATE}")
    assert land(path).only["model"] == "org/m-2"


def test_lists_that_are_text_are_never_run(land: Land, write_details: WriteDetails) -> None:
    row = flat(predictions="[__import__('os').getcwd()]", gold=json.dumps(["4"]))
    assert land(write_details([row])).only["output_text"] == "[__import__('os').getcwd()]"
