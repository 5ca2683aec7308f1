from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from errormap_dagster.ingest.choices import Reading

Row = dict[str, Any]
Land = Callable[..., Any]
Write = Callable[[str, Any], Path]
NAME = "data/qa/org/m/0d03_samples.jsonl"


def record(score: object = 0.0, **values: object) -> Row:
    usual: Row = {
        "schema_version": "instance_level_eval_0.3.0",
        "evaluation_id": "qa/m/1",
        "model_id": "org/m",
        "evaluation_name": "qa",
        "sample_id": "s1",
        "interaction_type": "single_turn",
        "input": {"raw": "Which?", "reference": ["blue"], "choices": ["red", "blue"]},
        "output": {"raw": ["red"]},
        "messages": None,
        "evaluation": {"score": score, "is_correct": False},
        "error": None,
    }
    return {**usual, **values}


def aggregate(*metrics: Row) -> Row:
    results = [
        {
            "evaluation_name": "qa",
            "evaluation_result_id": f"qa#{metric['metric_id']}",
            "metric_config": metric,
        }
        for metric in metrics
    ]
    return {"schema_version": "0.3.0", "evaluation_id": "qa/m/1", "evaluation_results": results}


F1 = {"metric_id": "f1", "lower_is_better": False, "min_score": 0, "max_score": 1}
TOXICITY = {"metric_id": "toxicity", "lower_is_better": True}


@pytest.fixture
def landed_from(land: Land, write_jsonl: Write, write_json: Write) -> Callable[..., Any]:
    """Lands records, with the aggregate of some metrics beside them."""

    def landed(*records: Row, metrics: tuple[Row, ...] = (), reading: Reading = Reading()) -> Any:  # noqa: B008 - frozen
        path = write_jsonl(NAME, list(records))
        if metrics:
            write_json(NAME.replace("_samples.jsonl", ".json"), aggregate(*metrics))
        return land(path.parent, reading=reading)

    return landed


def test_a_record_becomes_a_prediction(landed_from: Callable[..., Any]) -> None:
    row = landed_from(record()).only
    assert (row["dataset"], row["model"], row["example_id"]) == ("qa", "org/m", "s1")
    assert row["input_text"] == "Which?\nOptions:\nA. red\nB. blue"
    assert (row["output_text"], row["correct_answer"]) == ("red", "blue")
    assert (row["score"], row["metric"], row["run_id"]) == (0.0, "score", "qa/m/1")


def test_options_that_stand_in_the_prompt_are_not_repeated(landed_from: Callable[..., Any]) -> None:
    given = {"raw": "Which?\nA. red\nB. blue", "reference": [], "choices": ["red", "blue"]}
    assert landed_from(record(input=given)).only["input_text"] == given["raw"]


def test_the_score_counts_and_never_is_correct_alone(landed_from: Callable[..., Any]) -> None:
    right = record(1.0, evaluation={"score": 1.0, "is_correct": False})
    landed = landed_from(right, record(0.99, sample_id="s2"), metrics=(F1,))
    assert [row["score"] for row in landed.rows] == [1.0, 0.99]
    assert {row["metric"] for row in landed.rows} == {"f1"}
    assert {row["higher_is_better"] for row in landed.rows} == {True}


def test_the_direction_is_that_of_the_aggregate(landed_from: Callable[..., Any]) -> None:
    assert landed_from(record(0.2), metrics=(TOXICITY,)).only["higher_is_better"] is False


def test_of_several_metrics_of_a_sample_one_is_taken(landed_from: Callable[..., Any]) -> None:
    both = [
        record(0.5, evaluation_result_id="qa#f1"),
        record(0.1, evaluation_result_id="qa#toxicity"),
    ]
    landed = landed_from(*both, metrics=(F1, TOXICITY))
    assert (landed.only["metric"], landed.only["score"]) == ("f1", 0.5)
    assert landed.choice.metrics == ("f1", "toxicity")
    assert landed.files["0d03_samples.jsonl"]["n_passed_over"] == 1
    assert landed.adds_up()
    chosen = landed_from(*both, metrics=(F1, TOXICITY), reading=Reading({"qa": "toxicity"}))
    assert (chosen.only["metric"], chosen.only["score"]) == ("toxicity", 0.1)


def test_an_answer_that_filters_repeat_without_a_name_counts_once(
    landed_from: Callable[..., Any],
) -> None:
    landed = landed_from(record(0.0), record(1.0))
    assert landed.only["score"] == 0.0
    assert landed.files["0d03_samples.jsonl"]["n_passed_over"] == 1


def test_another_answer_to_the_same_sample_is_a_trial(landed_from: Callable[..., Any]) -> None:
    assert len(landed_from(record(), record(output={"raw": ["green"]})).rows) == 2


@pytest.mark.parametrize(
    ("values", "metric", "reason"),
    [
        ({"error": "timeout"}, F1, "infrastructure_error"),
        ({"evaluation": {"score": float("nan"), "is_correct": False}}, F1, "unscored"),
        ({"evaluation": {"score": -1}}, {**F1, "has_unknown_level": True}, "unscored"),
        ({}, {"metric_id": "brier_score", "lower_is_better": True}, "no_instance_score"),
        ({}, {"metric_id": "word_perplexity", "lower_is_better": True}, "no_instance_score"),
    ],
)
def test_what_is_no_failure_of_the_model_is_set_aside(
    landed_from: Callable[..., Any], values: Row, metric: Row, reason: str
) -> None:
    landed = landed_from(record(**values), metrics=(metric,))
    assert landed.refused == [(1, reason)]


def test_conversations_are_shown_from_the_model_s_first_word(
    landed_from: Callable[..., Any],
) -> None:
    messages = [
        {"turn_idx": 0, "role": "user", "content": "Find it."},
        {
            "turn_idx": 1,
            "role": "assistant",
            "content": None,
            "reasoning_trace": "Hm.",
            "tool_calls": [{"id": "c", "name": "run", "arguments": {"cmd": "ls"}}],
        },
        {"turn_idx": 2, "role": "tool", "content": "flag.txt"},
    ]
    row = landed_from(record(interaction_type="agentic", output=None, messages=messages)).only
    assert row["output_text"] == (
        "assistant: <think>\nHm.\n</think>\n\n\n"
        'assistant -> tool call run({"cmd": "ls"})\n\n[tool result: tool] flag.txt'
    )


def test_hashes_of_converters_are_not_used(landed_from: Callable[..., Any]) -> None:
    one = landed_from(record(sample_hash="x")).only["example_hash"]
    assert one == landed_from(record(sample_hash="y")).only["example_hash"]
