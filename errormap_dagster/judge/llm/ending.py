"""How a call ended: its row in the record, with a status and a reason."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from openai.types.chat import ChatCompletion
from pydantic import ValidationError

from errormap_dagster.judge.llm.faults import Fault, scrubbed, without_secrets
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.prices import cost_usd
from errormap_dagster.judge.llm.record import Call
from errormap_dagster.judge_settings import Price

OK: Final = "ok"


@dataclass(frozen=True, slots=True)
class Received:
    """A completion, and the text of it that the record keeps. Neither holds a secret."""

    completion: ChatCompletion
    stored: str


def received(document: Any, secrets: tuple[str, ...]) -> Received:
    """The completion that an endpoint answered with, from the JSON of its answer.

    Raises:
        TypeError: it is no chat completion.
    """
    plain = json.dumps(document, ensure_ascii=False)
    # Half a character cannot be stored, and no secret may be.
    stored = without_secrets(plain.encode(errors="replace").decode(), secrets)
    if stored != plain:
        document = json.loads(stored)
    return Received(_completion(document), stored)


def paid(price: Price | None, completion: ChatCompletion | None) -> float | None:
    """What a completion cost in US dollars; None when the price or its tokens are not known."""
    usage = completion.usage if completion else None
    if usage is None:
        return None
    details = usage.prompt_tokens_details
    cached = details.cached_tokens if details else None
    return cost_usd(price, usage.prompt_tokens, cached, usage.completion_tokens)


def n_tokens_of(completion: ChatCompletion | None) -> int | None:
    """Tokens sent and received; None when the endpoint did not tell."""
    usage = completion.usage if completion else None
    if usage is None:
        return None
    # Typed as numbers, but a server may send null.
    counts: list[int | None] = [usage.prompt_tokens, usage.completion_tokens]
    told = [count for count in counts if count is not None]
    return sum(told) if told else None


def read_back(reply: str) -> ChatCompletion:
    """The completion that a row holds."""
    return _completion(json.loads(reply))


def _completion(document: Any) -> ChatCompletion:
    try:
        completion = ChatCompletion.model_validate(document)
    except ValidationError:
        # Servers take liberties with its lesser fields.
        if not isinstance(document, dict):
            raise TypeError("it is no chat completion") from None
        completion = ChatCompletion.model_construct(**document)
    # Built from whatever came: any of these may be missing.
    choices = getattr(completion, "choices", None)
    if not choices or not getattr(choices[0], "message", None):
        raise TypeError("it is no chat completion")
    return completion


def call_of(
    plan: StagePlan,
    answer: Received | None,
    fault: Fault | None,
    secrets: tuple[str, ...],
) -> Call:
    """The row of a call that has ended, without what only the caller knows."""
    completion = answer.completion if answer else None
    usage = completion.usage if completion else None
    details = usage.prompt_tokens_details if usage else None
    status, reason = _ended(completion, fault)
    return Call(
        call_id="",
        stage=plan.stage.value,
        judge=plan.model,
        prompt_hash="",
        reply_schema_hash=plan.reply_schema_hash,
        parameters=plan.parameters_json,
        status=status,
        attempts=0,
        prompt_tokens=usage.prompt_tokens if usage else None,
        cached_prompt_tokens=details.cached_tokens if details else None,
        completion_tokens=usage.completion_tokens if usage else None,
        cost_usd=None,
        seconds=0.0,
        called_at=datetime.now(UTC),
        run_id="",
        reply=answer.stored if answer else None,
        reason=None if reason is None else scrubbed(reason, secrets),
    )


def _ended(completion: ChatCompletion | None, fault: Fault | None) -> tuple[str, str | None]:
    """How a call ended, and why when it brought no reply."""
    if completion is None:
        return "failed", fault.reason if fault else "the call was broken off"
    choice = completion.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        told = choice.message.refusal or "the provider's content filter"
        return "refused", f"the judge refused: {told}"
    if choice.finish_reason == "length":
        return "truncated", "the reply was cut off: raise judge.reply_tokens"
    if not (choice.message.content or "").strip() and not choice.message.tool_calls:
        return "empty", "the reply is empty"
    return OK, None
