"""What a scripted chat endpoint is asked and what it can answer, good and bad.

A response is rendered when its request is known: an answer to a request with tools is a tool call.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Literal

_BYTES_PER_TOKEN = 4
_CREATED = 1_700_000_000
_MISSING_BYTES = 64
"""How much a cut answer promises beyond what it sends."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request for a completion, numbered from 1 in the order of arrival."""

    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Mapping[str, Any]
    n: int

    @property
    def system(self) -> str:
        """The text of the system messages."""
        return "\n".join(self._texts("system", "developer"))

    @property
    def user(self) -> str:
        """The first user message: the same in every retry, whatever a retry appends to it."""
        return next(iter(self._texts("user")), "")

    def _texts(self, *roles: str) -> list[str]:
        return [_text(m.get("content")) for m in self.body["messages"] if m["role"] in roles]


@dataclass(frozen=True, slots=True)
class Response:
    """An answer to a request, or the lack of one."""

    status: int
    body: Callable[[Request], bytes]
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    seconds: float = 0.0
    """How long the endpoint waits before it answers."""
    ending: Literal["whole", "cut", "reset"] = "whole"

    def wire(self, request: Request) -> bytes:
        """The bytes that go over the connection."""
        body = self.body(request)
        is_cut = self.ending == "cut"
        return http_answer(
            self.status,
            body,
            {
                "content-type": self.content_type,
                "content-length": str(len(body) + _MISSING_BYTES * is_cut),
                "x-request-id": f"req_{request.n}",
                **self.headers,
            },
        )


Script = Callable[[Request], Response | Awaitable[Response]]


def http_answer(status: int, body: bytes, headers: Mapping[str, str]) -> bytes:
    """An HTTP/1.1 answer as bytes."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {text}" for name, text in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def completion(  # noqa: PLR0913 - one argument for each field of the answer that a test may set
    text: str,
    finish_reason: str = "stop",
    *,
    prompt_tokens: int | None = None,
    completion_tokens: int | None = None,
    cached_tokens: int = 0,
    refusal: str | None = None,
    tool_name: str | None = None,
) -> Response:
    """A chat completion; a call of the tool, with the text as arguments, where tools are offered.

    Args:
        text: the content, or the arguments of the tool call.
        finish_reason: as it stands in the answer.
        prompt_tokens: counted from the request when None.
        completion_tokens: counted from the text when None.
        cached_tokens: those of the prompt's tokens that a cache served.
        refusal: given instead of the text.
        tool_name: of the called tool; the first that is offered when None.
    """

    def render(request: Request) -> bytes:
        n_in, n_out = prompt_tokens, completion_tokens
        if n_in is None:
            n_in = (len(request.system) + len(request.user)) // _BYTES_PER_TOKEN + 1
        if n_out is None:
            n_out = len(text) // _BYTES_PER_TOKEN + 1
        answer = {
            "id": f"chatcmpl-{request.n}",
            "object": "chat.completion",
            "created": _CREATED,
            "model": request.body.get("model", ""),
            "choices": [
                {
                    "index": 0,
                    "message": _message(request, text, refusal, tool_name),
                    "finish_reason": finish_reason,
                    "logprobs": None,
                }
            ],
            "usage": {
                "prompt_tokens": n_in,
                "completion_tokens": n_out,
                "total_tokens": n_in + n_out,
                "prompt_tokens_details": {"cached_tokens": cached_tokens},
                "completion_tokens_details": {"reasoning_tokens": 0},
            },
        }
        return json.dumps(answer).encode()

    return Response(200, render)


def error(
    status: int,
    message: str,
    code: str | None = None,
    retry_after: float | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error as OpenAI words it; ``retry_after`` in seconds becomes the header of that name."""
    kind = "invalid_request_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
    answer = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    waiting = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
    body = json.dumps(answer).encode()
    return Response(status, lambda _: body, headers={**waiting, **(headers or {})})


def raw(status: int, content_type: str, body: bytes) -> Response:
    """Any answer at all, such as the HTML page of a gateway."""
    return Response(status, lambda _: body, content_type)


def cut(text: str) -> Response:
    """The beginning of an answer: more is promised than is sent, then the connection closes."""
    return Response(200, lambda _: text.encode(), ending="cut")


def reset() -> Response:
    """No answer: the connection is reset."""
    return Response(200, lambda _: b"", ending="reset")


def slow(seconds: float, response: Response) -> Response:
    """A response that comes later."""
    return replace(response, seconds=response.seconds + seconds)


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


def _message(
    request: Request, text: str, refusal: str | None, tool_name: str | None
) -> dict[str, Any]:
    if refusal is not None or not request.body.get("tools"):
        content = text if refusal is None else None
        return {"role": "assistant", "content": content, "refusal": refusal}
    name = tool_name or request.body["tools"][0]["function"]["name"]
    call = {
        "id": f"call_{request.n}",
        "type": "function",
        "function": {"name": name, "arguments": text},
    }
    return {"role": "assistant", "content": None, "refusal": None, "tool_calls": [call]}
