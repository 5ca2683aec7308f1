"""The lines of the files that go to the provider and come from it (JSON Lines)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from openai.types.chat import ChatCompletion

from errormap_dagster.judge.llm.client import Question
from errormap_dagster.judge.llm.ending import Received, received
from errormap_dagster.judge.llm.endpoint import body_of
from errormap_dagster.judge.llm.faults import Fault, Next, next_after, scrubbed

_OK: Final = 200


def line_of(question: Question, url: str) -> bytes:
    """The line that asks a question."""
    asked = {"custom_id": question.call_id, "method": "POST", "url": url}
    return json.dumps({**asked, "body": body_of(question.request)}).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended: with a completion, or with a fault."""

    call_id: str
    answer: Received | None
    fault: Fault | None

    @property
    def completion(self) -> ChatCompletion | None:
        """The completion, if there is one."""
        return self.answer.completion if self.answer else None


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
        try:
            return Ending(call_id, received(body, secrets), None)
        except TypeError as error:
            told = f"the endpoint's answer cannot be read: {error}"
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
