"""How a call ended: its row in the record, with a status and a reason."""

import json
from datetime import UTC, datetime
from typing import Final

from openai.types.chat import ChatCompletion

from errormap_dagster.judge.llm.faults import Fault, scrubbed, without_secrets
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.prices import cost_usd
from errormap_dagster.judge.llm.record import Call
from errormap_dagster.judge_settings import Price

OK: Final = "ok"


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
    """The completion that a row holds, unchecked: servers take liberties with its lesser fields."""
    return ChatCompletion.model_construct(**json.loads(reply))


def call_of(
    plan: StagePlan,
    completion: ChatCompletion | None,
    fault: Fault | None,
    secrets: tuple[str, ...],
) -> Call:
    """The row of a call that has ended, without what only the caller knows."""
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
        reply=_stored(completion, secrets) if completion else None,
        reason=None if reason is None else scrubbed(reason, secrets),
    )


def _stored(completion: ChatCompletion, secrets: tuple[str, ...]) -> str:
    """A completion as the record keeps it: without secrets, and without half a character."""
    # `warnings`: it holds what the server sent, be it of the type that OpenAI documents or not.
    text = json.dumps(completion.model_dump(exclude_none=True, warnings=False), ensure_ascii=False)
    return without_secrets(text.encode(errors="replace").decode(), secrets)


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
