from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Row = dict[str, Any]
Land = Callable[..., Any]
Write = Callable[[str, Any], Path]
SPEC = {
    "spec": {
        "completion_fns": ["gpt-x"],
        "base_eval": "clues",
        "eval_name": "clues.dev.v0",
        "run_id": "r1",
    }
}
FINAL = {"final_report": {"accuracy": 0.0}}


def event(kind: str, sample: str = "clues.dev.1", **data: object) -> Row:
    return {"run_id": "r1", "sample_id": sample, "type": kind, "data": data}


def sampling(
    sampled: object = "ELM", sample: str = "clues.dev.1", prompt: object = "A tree?"
) -> Row:
    return event("sampling", sample, prompt=prompt, sampled=sampled)


def match(sample: str = "clues.dev.1", **data: object) -> Row:
    return event("match", sample, **{"correct": False, "expected": "ASH", **data})


@pytest.fixture
def landed_from(land: Land, write_jsonl: Write) -> Callable[..., Any]:
    """Lands a log of some events."""

    def landed(*events: Row) -> Any:
        return land(write_jsonl("run.jsonl", [SPEC, *events, FINAL]))

    return landed


def test_events_of_a_sample_become_a_prediction(landed_from: Callable[..., Any]) -> None:
    row = landed_from(sampling(), match()).only
    assert (row["dataset"], row["model"], row["run_id"]) == ("clues", "gpt-x", "r1")
    assert (row["example_id"], row["input_text"]) == ("clues.dev.1", "A tree?")
    assert (row["output_text"], row["correct_answer"]) == ("ELM", "ASH")
    assert (row["score"], row["metric"]) == (0.0, "accuracy")


def test_events_are_joined_in_whatever_order_they_come(landed_from: Callable[..., Any]) -> None:
    two = "clues.dev.2"
    landed = landed_from(
        match(sample=two), sampling(), sampling("OAK", two), match(correct=True), FINAL
    )
    told = [(row["example_id"], row["output_text"], row["score"]) for row in landed.rows]
    assert told == [("clues.dev.1", "ELM", 1.0), (two, "OAK", 0.0)]
    assert landed.adds_up()


def test_the_grader_s_own_calls_are_not_the_answer(landed_from: Callable[..., Any]) -> None:
    graded = event("metrics", choice="D", score=0.0)
    grader = sampling("The answer is wrong. D", prompt="Grade this.")
    row = landed_from(sampling(), grader, graded).only
    assert (row["input_text"], row["output_text"]) == ("A tree?", "ELM")
    assert (row["score"], row["metric"]) == (0.0, "score")


def test_the_call_that_the_match_repeats_is_the_answer(landed_from: Callable[..., Any]) -> None:
    thinking = sampling("Let me think.", prompt="Think.")
    row = landed_from(thinking, sampling(["ELM"]), match(sampled="ELM")).only
    assert (row["input_text"], row["output_text"]) == ("A tree?", "ELM")


def test_messages_are_shown_and_the_last_is_the_question(landed_from: Callable[..., Any]) -> None:
    prompt = [{"role": "system", "content": "Solve."}, {"role": "user", "content": "A tree?"}]
    chat = landed_from(sampling(prompt=prompt), match()).only
    assert chat["input_text"] == "system: Solve.\n\nuser: A tree?"
    assert chat["example_hash"] == landed_from(sampling(), match()).only["example_hash"]


def test_several_expected_answers_are_a_list(landed_from: Callable[..., Any]) -> None:
    several = event("match", correct=False, expected=["ASH", "FIR"])
    assert landed_from(sampling(), several).only["correct_answer"] == '["ASH", "FIR"]'


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([sampling(), event("error", message="rate limit")], "infrastructure_error"),
        ([event("error", type="X", message="down")], "infrastructure_error"),
        ([sampling()], "unscored"),
        ([sampling(), match(correct=None)], "unscored"),
        ([sampling(), event("metrics", choice="__invalid__", score=None)], "unscored"),
        ([event("sampling"), match()], "missing_output"),
        ([match()], "missing_output"),
    ],
)
def test_a_sample_that_tells_nothing_of_the_model_is_set_aside(
    landed_from: Callable[..., Any], events: list[Row], reason: str
) -> None:
    landed = landed_from(*events)
    assert [told for _, told in landed.refused] == [reason]
    assert landed.rows == []
    assert landed.adds_up()


def test_an_error_that_was_overcome_is_none(landed_from: Callable[..., Any]) -> None:
    landed = landed_from(event("error", message="retry"), sampling(), match())
    assert landed.only["score"] == 0.0
    assert landed.refused == []


def test_matches_repeated_for_a_sample_are_trials(landed_from: Callable[..., Any]) -> None:
    landed = landed_from(sampling(), match(), match(correct=True))
    assert [row["trial"] for row in landed.rows] == [1, 2]


def test_a_cut_last_line_costs_itself_alone(land: Land, write_jsonl: Write) -> None:
    path = write_jsonl("run.jsonl", [SPEC, sampling(), match(), FINAL])
    path.write_text(path.read_text()[:-9], encoding="utf-8")
    landed = land(path)
    assert landed.refused == [(4, "malformed_row")]
    assert len(landed.rows) == 1
