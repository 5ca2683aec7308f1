"""What the settings mean for a stage, and what the key of a call depends on."""

from typing import Any

import pytest

from errormap_dagster.errors import SettingsError
from errormap_dagster.judge.interface import Operation
from errormap_dagster.judge.llm.plan import StagePlan, plan_of
from errormap_dagster.judge_settings import JudgeSettings

BASE = {"kind": "llm", "model": "m"}


def plan(stage: Operation = Operation.ANALYSE, **changes: object) -> StagePlan:
    return plan_of(JudgeSettings.model_validate({**BASE, **changes}), stage)


def key(stage: Operation = Operation.ANALYSE, **changes: object) -> str:
    return plan(stage, **changes).call_id("system", "case")


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "other"},
        {"endpoint_model": "deployed"},
        {"mode": "tools"},
        {"is_strict": False},
        {"parameters": {"temperature": 1}},
        {"parameters": {"temperature": 0, "seed": 0, "top_p": 1}},
        {"reply_tokens": 5_000},
        {"reply_tokens_name": "max_tokens"},
        {"stages": {"analyse": {"parameters": {"reasoning_effort": "low"}}}},
        {"stages": {"analyse": {"model": "other"}}},
    ],
)
def test_what_could_change_an_answer_changes_its_key(changes: dict[str, Any]) -> None:
    assert key(**changes) != key()


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "http://127.0.0.1:9/v1"},
        {"key_variable": "OTHER_KEY"},
        {"headers": {"x-team": "a"}},
        {"header_variables": {"x-key": "A"}},
        {"query": {"api-version": "1"}},
        {"limits": {"concurrency": 2, "attempts": 1, "requests_per_minute": 5}},
        {"budget": {"run_usd": 1}},
        {"prices": {"m": {"input": 1, "output": 1}}},
        {"workers": 9},
        {"stages": {"classify": {"model": "other"}}},
        {"parameters": {"seed": 0, "temperature": 0}},
    ],
)
def test_where_and_how_fast_it_is_asked_changes_no_key_and_no_identity(
    changes: dict[str, Any],
) -> None:
    assert key(**changes) == key()
    assert plan(**changes).identity == plan().identity


def test_the_key_changes_with_the_prompt_and_with_the_form_of_the_reply() -> None:
    chosen = plan()
    texts = [("system", "case"), ("system", "case "), ("systemc", "ase"), ("case", "system")]
    assert len({chosen.call_id(*text) for text in texts}) == len(texts)
    assert key(Operation.CLASSIFY) != key(Operation.ANALYSE)


def test_a_stage_takes_what_is_its_own_and_inherits_the_rest() -> None:
    own = {"model": "small", "mode": "json", "parameters": {"seed": 7, "top_p": 0.5}}
    got = plan(endpoint_model="deployed", stages={"analyse": own}, reply_tokens=99)
    assert (got.model, got.endpoint_model, got.mode) == ("small", "small", "json")
    assert got.parameters == {
        "temperature": 0,
        "seed": 7,
        "top_p": 0.5,
        "max_completion_tokens": 99,
    }
    rest = plan(Operation.REVIEW, endpoint_model="deployed", stages={"analyse": own})
    assert (rest.model, rest.endpoint_model, rest.mode) == ("m", "deployed", "json_schema")


def test_the_identity_tells_settings_that_change_what_a_prompt_holds() -> None:
    kinds: list[dict[str, Any]] = [
        {},
        {"limits": {"prompt_tokens": 9_000}},
        {"errors_per_classification": 9},
        {"titles_per_call": 9},
        {"parameters": {}},
    ]
    assert len({plan(**changes).identity.parameters_hash for changes in kinds}) == len(kinds)
    got = plan().identity
    assert (got.judge, got.prompt_hash) == ("m", plan().prompt.content_hash)


def test_without_a_model_the_settings_say_which_to_name() -> None:
    with pytest.raises(SettingsError, match="ERRORMAP_JUDGE_MODEL"):
        plan(model=None)


def test_an_unknown_prompt_version_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"judge\.stages\.review\.prompt_version is 'v0'"):
        plan(Operation.REVIEW, stages={"review": {"prompt_version": "v0"}})


@pytest.mark.parametrize("stage", Operation)
def test_the_schema_demands_every_field_and_forbids_others(stage: Operation) -> None:
    schema = plan(stage).reply_schema
    for part in (schema, *schema.get("$defs", {}).values()):
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
            assert sorted(part["required"]) == sorted(part["properties"])
