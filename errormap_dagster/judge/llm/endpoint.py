"""The endpoint as the openai client sees it, and requests and replies as instructor forms them."""

import os
from collections.abc import Mapping
from typing import Any, Final, cast

import httpx2
import instructor
import openai
from aiolimiter import AsyncLimiter
from instructor.v2.core import ModeHandlers, Provider, mode_registry
from openai.types.chat import ChatCompletion

from errormap_dagster.errors import SettingsError
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.replies import Reply
from errormap_dagster.judge_settings import JudgeSettings

_MODES: Final = {
    "json_schema": instructor.Mode.JSON_SCHEMA,
    "tools": instructor.Mode.TOOLS,
    "json": instructor.Mode.JSON,
}
_NO_KEY: Final = "no-key"
"""Servers on one's own machine ask for no key, but the client wants to send one."""
_SECONDS_PER_MINUTE: Final = 60
_OF_THE_CLIENT: Final = {"extra_headers": "headers", "extra_query": "params", "timeout": "timeout"}
"""Parameters that are no part of the body, and what openai's client calls them in ``post``."""
_SHORTEST_SECRET: Final = 6
"""A shorter value, such as the "x" that a server of one's own is content with, is no secret, and to
take it out of texts would spoil them."""


def secrets_of(settings: JudgeSettings) -> tuple[str, ...]:
    """The values of the variables that the settings name as secret, the longest first.

    Of a value like "Bearer abc" the last word is one by itself.
    """
    names = [settings.key_variable, *settings.header_variables.values()]
    values = [value for name in names if (value := os.environ.get(name, "").strip())]
    secrets = {*values, *(value.split()[-1] for value in values)}
    long = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
    return tuple(sorted(long, key=len, reverse=True))


def endpoint_of(settings: JudgeSettings) -> openai.AsyncOpenAI:
    """The client of the endpoint; it tries once, for tries are counted by who calls it.

    Raises:
        SettingsError: a variable that the settings name is not set.
    """
    return openai.AsyncOpenAI(
        **_access(settings),
        # A third of the work of the default client, and one connection for each call in flight.
        http_client=openai.DefaultAioHttpClient(
            limits=httpx2.Limits(max_connections=settings.limits.concurrency)
        ),
    )


def blocking_endpoint_of(settings: JudgeSettings) -> openai.OpenAI:
    """The same for code that makes one request at a time; see ``endpoint_of``."""
    return openai.OpenAI(**_access(settings))


def _access(settings: JudgeSettings) -> dict[str, Any]:
    """What a client is told of the endpoint; it holds the key."""
    key = os.environ.get(settings.key_variable)
    if not key and settings.base_url is None:
        raise SettingsError(
            f"The judge needs a key: set {settings.key_variable}, or judge.base_url for a server "
            "of your own."
        )
    headers = dict(settings.headers)
    for header, variable in settings.header_variables.items():
        if variable not in os.environ:
            raise SettingsError(f"judge.header_variables names {variable}, which is not set.")
        headers[header] = os.environ[variable]
    return {
        "api_key": key or _NO_KEY,
        "base_url": settings.base_url,
        "default_headers": headers,
        "default_query": dict(settings.query),
        "timeout": settings.limits.timeout_seconds,
        "max_retries": 0,
    }


async def posted(endpoint: openai.AsyncOpenAI, request: Mapping[str, Any]) -> str:
    """The text that an endpoint answers a request for a completion with.

    The client's own ``create`` walks through every part of the request and of the answer, schema
    included, which takes longer than to send and read them.
    """
    named = {_OF_THE_CLIENT[name]: request[name] for name in _OF_THE_CLIENT if name in request}
    options = cast("openai.RequestOptions", named)
    return await endpoint.post(
        "/chat/completions", cast_to=str, body=body_of(request), options=options
    )


def body_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent of a request, beside what openai's client takes for itself."""
    body = {name: value for name, value in request.items() if name not in _OF_THE_CLIENT}
    return body | (body.pop("extra_body", None) or {})


def limiter(per_minute: float | None) -> AsyncLimiter | None:
    """Lets so many through in a minute, spread over it; None for no limit."""
    if per_minute is None:
        return None
    # A second's worth at once: a burst of a whole minute's would be refused by most providers.
    per_second = per_minute / _SECONDS_PER_MINUTE
    return AsyncLimiter(max(1.0, per_second), max(1.0, per_second) / per_second)


def handlers_of(plan: StagePlan) -> ModeHandlers:
    """What instructor does for the stage's mode."""
    return cast("ModeHandlers", mode_registry.get_handlers(Provider.OPENAI, _MODES[plan.mode]))


def prepared(plan: StagePlan, system: str) -> dict[str, Any]:
    """The body of a stage's calls with an empty case, as instructor asks for the reply."""
    body = {
        **plan.parameters,
        "model": plan.endpoint_model,
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": ""}],
    }
    _, request = handlers_of(plan).request_handler(response_model=plan.reply_model, kwargs=body)
    if plan.is_strict and plan.mode == "json_schema":
        # instructor leaves it out, and without it an endpoint may leave the schema.
        schema = {"strict": True, "schema": plan.reply_schema}
        request["response_format"]["json_schema"].update(schema)
    if plan.is_strict and plan.mode == "tools":
        schema = {"strict": True, "parameters": plan.reply_schema}
        request["tools"][0]["function"].update(schema)
    return request


def parsed(plan: StagePlan, completion: ChatCompletion) -> Reply:
    """The reply in a completion.

    Raises:
        Exception: of many kinds, by instructor and pydantic, when it has the wrong form.
    """
    reply = handlers_of(plan).response_parser(
        response=completion, response_model=plan.reply_model, strict=False
    )
    return cast("Reply", reply)
