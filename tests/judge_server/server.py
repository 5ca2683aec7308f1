"""A real HTTP/1.1 endpoint on 127.0.0.1 that speaks OpenAI's chat completions from a script.

Inside a test: ``with JudgeServer(script) as server: ... server.base_url``. As a process of its own:
``python server.py --port 0 --latency 0.05``, which prints its port and serves until it is ended.
"""

import argparse
import asyncio
import contextlib
import inspect
import json
import signal
import socket
import struct
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from analyst import analyst
from batch_api import BatchApi
from faults import faulty
from responses import Request, Response, Script, error, http_answer

_LONGEST_HEAD = 1 << 16
_LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER on, with no time: closing resets the connection."""


class JudgeServer:
    """An endpoint in a thread of its own, from ``with`` to the end of its block.

    Args:
        script: answers each request for a completion; called in the server's thread.
        latency: seconds before every completion.
        port: 0 takes a free one.
        models: what GET /v1/models lists.
        keep_requests: whether ``requests`` holds what came.
        batches: the Files and Batches API; without it they are not there.
    """

    _loop: asyncio.AbstractEventLoop
    _end: asyncio.Event

    def __init__(
        self,
        script: Script = analyst,
        *,
        latency: float = 0.0,
        port: int = 0,
        models: tuple[str, ...] = ("judge-model",),
        keep_requests: bool = True,
        batches: BatchApi | None = None,
    ) -> None:
        self.port = port
        self.most_at_once = 0
        """The largest number of completions that were under way at the same time."""
        self._script = script
        self._latency = latency
        self._models = models
        self._keep_requests = keep_requests
        self._batches = batches
        self._requests: list[Request] = []
        self._n_requests = 0
        self._n_at_once = 0
        self._connections = set[asyncio.Task[None]]()
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    @property
    def base_url(self) -> str:
        """What an OpenAI client takes as its base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def requests(self) -> list[Request]:
        """The requests for completions so far; a copy."""
        return list(self._requests)

    @property
    def n_requests(self) -> int:
        """The number of requests for completions so far, kept or not."""
        return self._n_requests

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="judge-server", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    async def serve(self, end: asyncio.Event, *, announce: bool = False) -> None:
        """Serve in the running loop until ``end`` is set; ``announce`` prints the port."""
        listener = await asyncio.start_server(
            self._connected, "127.0.0.1", self.port, limit=_LONGEST_HEAD, backlog=1024
        )
        self.port = listener.sockets[0].getsockname()[1]
        self._ready.set()
        if announce:
            sys.stdout.write(f"{self.port}\n")
            sys.stdout.flush()
        await end.wait()
        listener.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _run(self) -> None:
        async def serve_until_told() -> None:
            self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
            await self.serve(self._end)

        try:
            asyncio.run(serve_until_told())
        except OSError as failure:
            self._failure = failure
            self._ready.set()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._converse(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """All requests of one connection, one after the other."""
        # A client that leaves, at whatever point, ends its connection and nothing else.
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                while await self._exchange(reader, writer):
                    pass
            finally:
                writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        method, path, _ = first.split(" ", 2)
        pairs = (line.split(":", 1) for line in lines)
        headers = {name.strip().lower(): text.strip() for name, text in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if (method, path) != ("POST", "/v1/chat/completions"):
            batch = self._batches and await self._batches.answer(method, path, headers, body)
            writer.write(batch or self._other(method, path))
        elif not await self._complete(path, headers, body, writer):
            return False
        await writer.drain()
        return headers.get("connection", "").lower() != "close"

    async def _complete(
        self, path: str, headers: Mapping[str, str], body: bytes, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer a request for a completion; whether the connection stays open."""
        self._n_requests += 1
        request = Request(path, headers, json.loads(body), self._n_requests)
        if self._keep_requests:
            self._requests.append(request)
        self._n_at_once += 1
        self.most_at_once = max(self.most_at_once, self._n_at_once)
        try:
            response = await self._scripted(request)
            if (seconds := response.seconds + self._latency) > 0:
                await asyncio.sleep(seconds)
        finally:
            self._n_at_once -= 1
        if response.ending == "reset":
            link: socket.socket = writer.get_extra_info("socket")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            writer.transport.abort()
            return False
        writer.write(response.wire(request))
        return response.ending == "whole"

    async def _scripted(self, request: Request) -> Response:
        try:
            answer = self._script(request)
            return await answer if inspect.isawaitable(answer) else answer
        except Exception as failure:  # noqa: BLE001 - a broken script must show in its test
            return error(500, f"the script failed: {failure!r}")

    def _other(self, method: str, path: str) -> bytes:
        status, answer = 404, {"error": {"message": f"no {method} {path}", "code": "not_found"}}
        if (method, path) == ("GET", "/v1/models"):
            entries = [{"id": name, "object": "model", "created": 0} for name in self._models]
            owned = [{**entry, "owned_by": "judge"} for entry in entries]
            status, answer = 200, {"object": "list", "data": owned}
        body = json.dumps(answer).encode()
        headers = {"content-type": "application/json", "content-length": str(len(body))}
        return http_answer(status, body, headers)


async def _serve_until_ended(server: JudgeServer) -> None:
    end = asyncio.Event()
    for kind in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(kind, end.set)
    await server.serve(end, announce=True)


def main() -> None:
    """Serve the analyst, with faults when asked for, until the process is ended."""
    parser = argparse.ArgumentParser(description="A scripted judge endpoint.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds per completion")
    parser.add_argument("--fault", action="append", default=[], metavar="STATUS=SHARE")
    parser.add_argument("--broken-json", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    pairs = (fault.split("=") for fault in asked.fault)
    shares = {int(status): float(share) for status, share in pairs}
    script = faulty(shares, asked.broken_json, analyst, asked.seed)
    server = JudgeServer(script, latency=asked.latency, port=asked.port, keep_requests=False)
    asyncio.run(_serve_until_ended(server))


if __name__ == "__main__":
    main()
