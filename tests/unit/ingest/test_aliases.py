from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from errormap_dagster.ingest.aliases import likely_aliases
from errormap_dagster.ingest.choices import Reading

Row = dict[str, Any]


@pytest.mark.parametrize(
    ("names", "alike"),
    [
        (["org/model-7b", "model-7b"], True),
        (["org__model-7b", "model-7b"], True),
        (["openai_gpt2", "openai/gpt2"], True),
        (["Model-7B", "model_7b"], True),
        (["Qwen2.5-7B-Instruct", "Qwen2.5-7B-Instrct"], True),
        (["model-7b", "model-70b"], False),
        (["gpt-3.5-turbo", "gpt-3.5-turbo-0301"], False),
        (["gpt-4", "gpt-3.5"], False),
        (["175b_verification", "175b_finetuning"], False),
        (["claude", "gemma"], False),
    ],
)
def test_names_are_suggested_when_they_may_be_one_model(names: Sequence[str], alike: bool) -> None:
    assert bool(likely_aliases(names)) is alike
    assert likely_aliases(names) == likely_aliases(names[::-1])


def test_spellings_are_one_model_only_where_the_table_says_so(
    land: Callable[..., Any], prediction: Callable[..., Row], write_jsonl: Callable[..., Path]
) -> None:
    rows = [
        prediction(model="Org/M", example_id="e1"),
        prediction(model="org/m", example_id="e2"),
        prediction(model="m", example_id="e3"),
    ]
    path = write_jsonl("d.jsonl", rows)
    assert {row["model"] for row in land(path).rows} == {"Org/M", "org/m", "m"}
    table = Reading(aliases={"Org/M": "m", "org/m": "m"})
    one = land(path, reading=table)
    assert [(row["model"], row["example_id"]) for row in one.rows] == [
        ("m", "e1"),
        ("m", "e2"),
        ("m", "e3"),
    ]
    assert one.adds_up()
    assert one.landing.pending_files() == []
    back = land(reading=Reading())
    assert len(back.landing.evaluations()) == 3


def test_contradictions_between_spellings_of_one_model_come_to_light(
    land: Callable[..., Any], prediction: Callable[..., Row], write_jsonl: Callable[..., Path]
) -> None:
    one = write_jsonl("a.jsonl", [prediction(model="x/m", dataset="d", score=0)])
    two = write_jsonl("b.jsonl", [prediction(model="m", dataset="d", score=1)])
    landed = land(one, two, reading=Reading(aliases={"x/m": "m"}))
    assert [reason for _, reason in landed.refused] == ["conflict", "conflict"]
    assert landed.adds_up()
