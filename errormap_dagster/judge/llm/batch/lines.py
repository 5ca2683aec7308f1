"""The lines of the files that go to the provider and come from it (JSON Lines)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from openai.types.chat import ChatCompletion

from errormap_dagster.domain.identity import content_id
from errormap_dagster.judge.llm.client import has_message
from errormap_dagster.judge.llm.faults import Fault, Next, next_after, scrubbed
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.texts import tokens_at_most

_OK: Final = 200
_OF_THE_CLIENT: Final = ("extra_headers", "extra_query", "timeout")
"""Parameters that openai's client keeps to itself; ``extra_body`` it merges."""


@dataclass(frozen=True, slots=True)
class Question:
    """A call that is to be made: its ids, its length, and the body that would be sent."""

    call_id: str
    prompt_hash: str
    prompt_tokens: int
    """At most, counted as the ordinary lane does."""
    body: Mapping[str, Any]

    @classmethod
    def of(cls, plan: StagePlan, call_id: str, body: Mapping[str, Any]) -> "Question":
        """A question of a stage, from the body of its request."""
        messages = [str(message) for message in body["messages"]]
        length = plan.reply_schema_tokens + sum(map(tokens_at_most, messages))
        return cls(call_id, content_id(*messages, length=64), length, body)

    def line(self, url: str) -> bytes:
        """The line that asks it."""
        sent = {name: self.body[name] for name in self.body if name not in _OF_THE_CLIENT}
        sent |= sent.pop("extra_body", None) or {}
        request = {"custom_id": self.call_id, "method": "POST", "url": url, "body": sent}
        return json.dumps(request).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended: with a completion, or with a fault."""

    call_id: str
    completion: ChatCompletion | None
    fault: Fault | None


def endings(path: Path, secrets: tuple[str, ...]) -> Iterator[Ending]:
    """What a file of answers holds, line by line; a line that nobody can read is left out."""
    with path.open("rb") as file:
        for line in file:
            try:
                row = _object(json.loads(line))
            except ValueError:
                continue  # its call is among those without an answer
            if isinstance(call_id := row.get("custom_id"), str):
                yield _ending(call_id, row, secrets)


def _ending(call_id: str, row: Mapping[str, Any], secrets: tuple[str, ...]) -> Ending:
    response = _object(row.get("response"))
    status, body = response.get("status_code"), response.get("body")
    if status == _OK:
        completion = ChatCompletion.model_construct(**{"choices": None, **_object(body)})
        if has_message(completion):
            return Ending(call_id, completion, None)
        told = "the endpoint's answer cannot be read: it is no chat completion"
        return Ending(call_id, None, Fault(Next.RETRY, told))
    if isinstance(status, int):
        told = scrubbed(f"the endpoint answered {status}: Error code: {status} - {body}", secrets)
        return Ending(call_id, None, Fault(next_after(status, _codes(body)), told))
    error = _object(row.get("error"))
    told = f"the provider gave no answer: {error.get('code')}: {error.get('message')}"
    return Ending(call_id, None, Fault(Next.RETRY, scrubbed(told, secrets)))


def _codes(body: Any) -> set[str | None]:
    error = _object(_object(body).get("error"))
    return {error.get("code"), error.get("type")}


def _object(value: Any) -> dict[str, Any]:
    """A JSON object; an empty one in place of anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
