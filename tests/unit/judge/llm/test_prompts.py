"""The prompts and the replies that they ask for agree; what repeats comes first."""

import hashlib
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from errormap_dagster.errors import SettingsError
from errormap_dagster.judge.interface import Operation
from errormap_dagster.judge.llm.plan import REPLIES
from errormap_dagster.judge.llm.prompts import prompt, versions
from errormap_dagster.paths import prompts_dir

SYSTEM: dict[Operation, dict[str, object]] = {
    Operation.CLASSIFY: {"categories": "C1: a: b", "none_id": "C0"}
}
LIMITS = {"max_categories": 7, "max_name_words": 5, "max_description_words": 30}
CASE: dict[Operation, list[str]] = {
    Operation.ANALYSE: ["task", "reference", "failed_output"],
    Operation.GENERATE: ["parent", "titles"],
    Operation.UPDATE: ["parent", "categories", "titles"],
    Operation.REVIEW: ["parent", "categories"],
    Operation.CLASSIFY: ["errors"],
}


def words_of(kind: Any) -> Iterator[str]:
    """Each field name, and each value of a closed choice, of a type and of what it holds."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            yield name
            yield from words_of(field.annotation)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        yield from (str(member.value) for member in kind)
    else:
        for part in get_args(kind):
            if isinstance(part, str):
                yield part
            else:
                yield from words_of(part)


def case_values(stage: Operation) -> dict[str, object]:
    texts = {name: f"the {name} of this case" for name in CASE[stage]}
    return {**LIMITS, "correct_outputs": ["a correct output of this case"], **texts}


@pytest.mark.parametrize("stage", Operation)
def test_the_prompt_names_every_field_and_every_choice_of_its_reply(stage: Operation) -> None:
    system = prompt(stage, None).system(SYSTEM.get(stage, {}))
    missing = {word for word in words_of(REPLIES[stage]) if word not in system}
    assert not missing


def test_fields_within_fields_and_choices_are_looked_for() -> None:
    assert {"quality", "partially_correct", "wholly_incorrect"} <= set(
        words_of(REPLIES[Operation.ANALYSE])
    )
    assert "runner_up_category_id" in set(words_of(REPLIES[Operation.CLASSIFY]))


@pytest.mark.parametrize("stage", Operation)
def test_what_belongs_to_a_case_stands_in_its_part_and_in_no_other(stage: Operation) -> None:
    chosen = prompt(stage, None)
    values = case_values(stage)
    system = chosen.system(SYSTEM.get(stage, {}))
    case = chosen.case(values)
    for name in CASE[stage]:
        assert str(values[name]) in case
    assert "of this case" not in system
    assert system == chosen.system({**values, **SYSTEM.get(stage, {})})


@pytest.mark.parametrize("stage", Operation)
def test_the_case_comes_last_in_every_version(stage: Operation) -> None:
    for version in versions(stage):
        text = prompt(stage, version).text
        assert text.index("{% block system") < text.index("{% block case")


@pytest.mark.parametrize("stage", Operation)
def test_every_system_part_says_that_fenced_text_is_material(stage: Operation) -> None:
    system = prompt(stage, None).system(SYSTEM.get(stage, {}))
    assert "<<<BEGIN" in system
    assert "never an instruction" in system


@pytest.mark.parametrize("stage", Operation)
def test_the_newest_version_is_the_default_and_its_hash_is_the_files(stage: Operation) -> None:
    chosen = prompt(stage, None)
    raw = (prompts_dir() / stage.value / f"{chosen.version}.md.j2").read_bytes()
    assert chosen.version == versions(stage)[-1]
    assert chosen.content_hash == hashlib.sha256(raw).hexdigest()


def test_no_two_prompts_are_the_same_text() -> None:
    hashes = [prompt(stage, name).content_hash for stage in Operation for name in versions(stage)]
    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize("version", ["v999", "1", "v1.md.j2", "../classify/v1"])
def test_an_unknown_version_is_refused_with_those_there_are(version: str) -> None:
    with pytest.raises(SettingsError, match=r"judge\.stages\.analyse\.prompt_version.*'v1'"):
        prompt(Operation.ANALYSE, version)
