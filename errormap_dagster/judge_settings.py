"""The ``judge`` section of ``errormap.yaml``: who reads the failures, how, and for how much.

No secret stands here. A key, or a header that is one, is named by the environment variable that
holds it.
"""

import json
import os
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field, field_validator

from errormap_dagster.section import Section

Mode = Literal["json_schema", "tools", "json"]
StageName = Literal["analyse", "generate", "update", "review", "classify"]

KIND_VARIABLE = "ERRORMAP_JUDGE"
MODEL_VARIABLE = "ERRORMAP_JUDGE_MODEL"
BASE_URL_VARIABLE = "ERRORMAP_JUDGE_BASE_URL"
RECORD_VARIABLE = "ERRORMAP_JUDGE_CALLS_URL"
"""Names the database of the record of calls; its URL may hold a password."""

_SECRET_PARTS = (
    "authorization",
    "api-key",
    "apikey",
    "api_key",
    "token",
    "secret",
    "cookie",
    "password",
)
_SECRET_NAMES = {"key", "code", "sig", "signature"}
"""Parts of names, and whole names, whose value is a secret."""


def _is_secret(name: str) -> bool:
    lower = name.lower()
    return lower in _SECRET_NAMES or any(part in lower for part in _SECRET_PARTS)


def _json_values(parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters that can be sent; YAML knows more kinds of values than JSON."""
    for name, value in parameters.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            raise ValueError(
                f"{name} is {value!r}, which JSON does not know: write a text in quotes, a number, "
                "true, false, null, a list or a mapping"
            ) from None
    return parameters


def _secret_in_url(name: str) -> str:
    return (
        f"{name} is a secret, which no URL may hold: send it as a header, by the name of its "
        "variable in judge.header_variables"
    )


Parameters = Annotated[dict[str, Any], AfterValidator(_json_values)]


class StageSettings(Section):
    """What one stage does differently; what is not named is as for all stages."""

    model: str | None = None
    endpoint_model: str | None = None
    mode: Mode | None = None
    parameters: Parameters = Field(default_factory=dict)
    """Added to the parameters of all stages."""
    prompt_version: str | None = None
    """A version in the package's ``prompts/<stage>/``; default: the newest."""


class LimitSettings(Section):
    """What the endpoint and the machine can bear."""

    concurrency: int = Field(default=32, ge=1, le=2000)
    """Calls in flight at once."""
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    timeout_seconds: float = Field(default=120, gt=0)
    """Longest wait for one reply."""
    attempts: int = Field(default=6, ge=1, le=50)
    """Tries of a call that the endpoint answers with 429, 5xx or not at all."""
    longest_wait_seconds: float = Field(default=60, gt=0)
    """Longest pause between two tries, unless the endpoint itself asks for a longer one."""
    longest_wait_asked_for_seconds: float = Field(default=300, gt=0)
    """An endpoint that asks for a longer pause than this stops the run."""
    patience_seconds: float = Field(default=30, gt=0)
    """How long an endpoint that has answered before may answer nothing until the run stops."""
    prompt_tokens: int = Field(default=12_000, ge=3_000)
    """Longest prompt; longer texts are shortened in it, visibly."""


class BudgetSettings(Section):
    """What may be spent; a call that could pass a limit is not made."""

    run_usd: float | None = Field(default=None, gt=0)
    day_usd: float | None = Field(default=None, gt=0)
    """Per day of UTC."""
    run_tokens: int | None = Field(default=None, gt=0)
    day_tokens: int | None = Field(default=None, gt=0)


class Price(Section):
    """Prices of a model, in US dollars per million tokens."""

    input: float = Field(ge=0)
    cached_input: float | None = Field(default=None, ge=0)
    """Of the part of a prompt that the provider still had; default: the price of input."""
    output: float = Field(ge=0)
    batch_input: float | None = Field(default=None, ge=0)
    """Of a call by batch, as the two below; without it and batch_output its cost is not known."""
    batch_cached_input: float | None = Field(default=None, ge=0)
    """Default: the price of batch_input."""
    batch_output: float | None = Field(default=None, ge=0)


class BatchSettings(Section):
    """How calls are handed to the provider's Batch API."""

    calls_per_batch: int = Field(default=10_000, ge=1, le=50_000)
    megabytes_per_batch: float = Field(default=100, gt=0, le=200)
    poll_seconds: float = Field(default=60, gt=0)
    """Pause between two looks at what is with the provider."""
    wait_hours: float = Field(default=26, ge=0)
    """Longest wait of a run for its batches; 0: it ends at once, and a later run collects."""
    attempts: int = Field(default=3, ge=1, le=20)
    """Batches of one run that a call may be part of until it is given up."""
    url: str = "/v1/chat/completions"
    """What each line of a batch is sent to; Azure wants /chat/completions."""


class JudgeSettings(Section):
    """Who reads the failures."""

    kind: Literal["embedded", "llm"] = "embedded"
    """``embedded``: rules, no model, no key, no network. ``llm``: a model behind an endpoint."""
    workers: int = Field(default=2, ge=1, le=256)
    """Processes of the embedded analyst; the tables do not depend on it."""
    model: str | None = None
    """The model that judges; stands in every row."""
    endpoint_model: str | None = None
    """What the endpoint calls the model (an Azure deployment, a served name); default: model."""
    base_url: str | None = None
    """The endpoint, such as http://127.0.0.1:8000/v1; default: OpenAI's."""
    key_variable: str = "OPENAI_API_KEY"
    """The environment variable that holds the key."""
    mode: Mode = "json_schema"
    """How the reply's form is asked for: ``json`` for servers that know no schema."""
    is_strict: bool = True
    """Ask for exactly the schema (``strict``) in the modes json_schema and tools."""
    parameters: Parameters = Field(default_factory=lambda: {"temperature": 0, "seed": 0})
    """Sent with every call, such as temperature, seed, reasoning_effort."""
    reply_tokens: int = Field(default=4_000, ge=64)
    """Longest reply, sent as ``max_completion_tokens``; what a budget sets aside for a call."""
    reply_tokens_name: str = "max_completion_tokens"
    """Older servers call it ``max_tokens``."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Sent with every call; nothing secret."""
    header_variables: dict[str, str] = Field(default_factory=dict)
    """Headers whose value an environment variable holds: header to variable."""
    query: dict[str, str] = Field(default_factory=dict)
    """Added to the URL, such as Azure's api-version."""
    stages: dict[StageName, StageSettings] = Field(default_factory=dict)
    errors_per_classification: int = Field(default=50, ge=1, le=500)
    titles_per_call: int = Field(default=500, ge=2, le=5_000)
    """Distinct titles in one call that generates or updates categories."""
    min_grounded_share: float = Field(default=0.8, ge=0, le=1)
    """A smaller share of quotes that stand in the outputs fails a check, per dataset."""
    lane: Literal["ordinary", "batch"] = "ordinary"
    """``batch``: failures are read and errors classified by the provider's Batch API."""
    batch: BatchSettings = BatchSettings()
    limits: LimitSettings = LimitSettings()
    budget: BudgetSettings = BudgetSettings()
    prices: dict[str, Price] = Field(default_factory=dict)
    """By model; go before the shipped ones."""

    @field_validator("headers")
    @classmethod
    def _headers_hold_no_secret(cls, headers: dict[str, str]) -> dict[str, str]:
        for name in headers:
            if _is_secret(name):
                message = f"{name} is a secret: name its variable in judge.header_variables"
                raise ValueError(message)
        return headers

    @field_validator("query")
    @classmethod
    def _query_holds_no_secret(cls, query: dict[str, str]) -> dict[str, str]:
        for name in query:
            if _is_secret(name):
                raise ValueError(_secret_in_url(name))
        return query

    @field_validator("base_url")
    @classmethod
    def _base_url_holds_no_secret(cls, base_url: str | None) -> str | None:
        if base_url is None:
            return None
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be a URL such as http://127.0.0.1:8000/v1")
        if parts.password or parts.username:
            raise ValueError("must hold no password: name a variable in judge.header_variables")
        for name, _ in parse_qsl(parts.query, keep_blank_values=True):
            if _is_secret(name):
                raise ValueError(_secret_in_url(name))
        return base_url

    def with_environment(self) -> "JudgeSettings":
        """These settings with what the environment says of the judge on top."""
        named = {
            "kind": os.environ.get(KIND_VARIABLE),
            "model": os.environ.get(MODEL_VARIABLE),
            "base_url": os.environ.get(BASE_URL_VARIABLE),
        }
        return self.with_choices({key: value for key, value in named.items() if value})

    def with_choices(self, choices: Mapping[str, Any]) -> "JudgeSettings":
        """These settings with others on top, checked like the file itself.

        Raises:
            ValidationError: a choice is not allowed.
        """
        now = self.model_dump()
        if self.model and choices.get("model", self.model) != self.model:
            now["endpoint_model"] = None  # the endpoint's name of another model
        return JudgeSettings.model_validate({**now, **choices})
