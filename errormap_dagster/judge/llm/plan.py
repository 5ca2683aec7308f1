"""What the settings mean for one stage: the model, the form of the reply, the prompt, the key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from openai import pydantic_function_tool

from errormap_dagster.domain.identity import content_id
from errormap_dagster.errors import SettingsError
from errormap_dagster.judge.interface import JudgeIdentity, Operation
from errormap_dagster.judge.llm.prompts import Prompt, prompt
from errormap_dagster.judge.llm.replies import (
    AnalysisReply,
    CategoryListReply,
    ClassificationReply,
    Reply,
)
from errormap_dagster.judge.llm.texts import tokens_at_most
from errormap_dagster.judge_settings import JudgeSettings, Mode, StageSettings

REPLIES: Mapping[Operation, type[Reply]] = {
    Operation.ANALYSE: AnalysisReply,
    Operation.GENERATE: CategoryListReply,
    Operation.UPDATE: CategoryListReply,
    Operation.REVIEW: CategoryListReply,
    Operation.CLASSIFY: ClassificationReply,
}


@dataclass(frozen=True)
class StagePlan:
    """How one stage asks."""

    stage: Operation
    model: str
    endpoint_model: str
    mode: Mode
    is_strict: bool
    parameters: Mapping[str, Any]
    """Everything that is sent besides the messages and the form of the reply."""
    prompt: Prompt
    inputs: str
    """Settings that change what a prompt holds, as canonical JSON."""

    @property
    def reply_model(self) -> type[Reply]:
        """What a reply must be."""
        return REPLIES[self.stage]

    @cached_property
    def reply_schema(self) -> dict[str, Any]:
        """The JSON schema of a reply, as strict endpoints want it."""
        tool = pydantic_function_tool(self.reply_model)["function"]
        return dict(tool.get("parameters") or {})

    @cached_property
    def reply_schema_hash(self) -> str:
        """SHA-256 of the schema."""
        return content_id(json.dumps(self.reply_schema, sort_keys=True), length=64)

    @cached_property
    def reply_schema_tokens(self) -> int:
        """How many tokens of a prompt the schema is at most."""
        return tokens_at_most(json.dumps(self.reply_schema))

    @cached_property
    def parameters_json(self) -> str:
        """The parameters as canonical JSON, for the key of a call and for the record."""
        sent = {
            **self.parameters,
            "model": self.endpoint_model,
            "mode": self.mode,
            "is_strict": self.is_strict,
        }
        return json.dumps(sent, sort_keys=True, ensure_ascii=False)

    @property
    def identity(self) -> JudgeIdentity:
        """Who answers in this stage, and how."""
        how = content_id(self.parameters_json, self.reply_schema_hash, self.inputs)
        return JudgeIdentity(self.model, self.prompt.version, self.prompt.content_hash, how)

    def call_id(self, *texts: str) -> str:
        """The key of a call: everything that could change the answer, and nothing else."""
        return content_id(self.model, self.parameters_json, self.reply_schema_hash, *texts)

    def prompt_hash(self, *texts: str) -> str:
        """SHA-256 of the rendered prompt."""
        return content_id(*texts, length=64)


def plan_of(settings: JudgeSettings, stage: Operation) -> StagePlan:
    """What the settings say of one stage.

    Raises:
        SettingsError: no model is named, or a prompt version does not exist.
    """
    own = settings.stages.get(stage.value, StageSettings())
    model = own.model or settings.model
    if not model:
        raise SettingsError(
            "judge.kind is 'llm', but no model is named. Set judge.model in errormap.yaml, or "
            "ERRORMAP_JUDGE_MODEL."
        )
    inherited = settings.endpoint_model if own.model in {None, settings.model} else None
    lengths = {
        "prompt_tokens": settings.limits.prompt_tokens,
        "errors_per_classification": settings.errors_per_classification,
        "titles_per_call": settings.titles_per_call,
    }
    return StagePlan(
        stage=stage,
        model=model,
        endpoint_model=own.endpoint_model or inherited or model,
        mode=own.mode or settings.mode,
        is_strict=settings.is_strict,
        parameters={
            **settings.parameters,
            settings.reply_tokens_name: settings.reply_tokens,
            **own.parameters,
        },
        prompt=prompt(stage, own.prompt_version),
        inputs=json.dumps(lengths, sort_keys=True),
    )
