"""An endpoint on 127.0.0.1 that gives every call the same reply after the same time, and counts.

A process of its own: ``python endpoint.py LATENCY`` prints its port. It reads no request beyond its
length, so that it costs far less than whoever asks. ``GET /counts`` tells and resets its counts.
"""

import asyncio
import json
import sys
from typing import cast

_REPLY = {
    "criteria": [
        {
            "criterion": f"Step {n} of the solution is done.",
            "present_in_wrong": True,
            "quality": "correct" if n < 4 else "incorrect",
            "evidence": "I add the two numbers and get 43 in the end.",
            "comment": "The step is attempted, and its result follows from what was given.",
        }
        for n in range(1, 5)
    ],
    "outcome": "error_found",
    "error_summary": "The output adds two numbers wrongly where it needs this step. " * 2,
    "error_title": "Arithmetic slip in a step",
}
_COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "judge-model",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": json.dumps(_REPLY), "refusal": None},
            "finish_reason": "stop",
            "logprobs": None,
        }
    ],
    "usage": {
        "prompt_tokens": 1_500,
        "completion_tokens": 300,
        "total_tokens": 1_800,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    },
}
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


def _answer(body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Counts:
    """What came since it was last asked for."""

    def __init__(self) -> None:
        self.n_calls = self.n_at_once = self.most_at_once = 0

    def told(self) -> bytes:
        """The counts as JSON; they begin anew."""
        told = {"n_calls": self.n_calls, "most_at_once": self.most_at_once}
        self.n_calls = self.most_at_once = 0
        return json.dumps(told).encode()


class Connection(asyncio.Protocol):
    """One connection: requests one after the other, each answered after the latency."""

    def __init__(self, latency: float, counts: Counts) -> None:
        self._latency = latency
        self._counts = counts
        self._held = b""
        self._answer = _answer(json.dumps(_COMPLETION).encode())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where the answers go."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Begin to answer once a request is whole."""
        self._held += data
        at = self._held.find(_HEAD_END)
        if at < 0:
            return
        head = self._held[:at].lower()
        start = head.find(_LENGTH)
        length = int(head[start + len(_LENGTH) :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(self._held) < at + len(_HEAD_END) + length:
            return
        self._held = b""
        if head.startswith(b"get"):
            self._transport.write(_answer(self._counts.told()))
            return
        counts = self._counts
        counts.n_calls += 1
        counts.n_at_once += 1
        counts.most_at_once = max(counts.most_at_once, counts.n_at_once)
        asyncio.get_running_loop().call_later(self._latency, self._reply)

    def _reply(self) -> None:
        self._counts.n_at_once -= 1
        self._transport.write(self._answer)


async def serve(latency: float) -> None:
    """Serve until the process is ended."""
    counts = Counts()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(latency, counts), "127.0.0.1", 0, backlog=4096
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
