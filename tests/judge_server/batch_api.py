"""The Files and Batches API of a scripted endpoint: files in memory, batches that end as told."""

import asyncio
import json
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from analyst import analyst
from responses import Request, Response, Script, error

Operation = Literal["upload", "create", "retrieve", "list", "content", "cancel"]

_CREATED = 1_700_000_000
_ROUTES: Sequence[tuple[Operation, str, re.Pattern[str]]] = [
    ("upload", "POST", re.compile(r"/v1/files")),
    ("content", "GET", re.compile(r"/v1/files/([^/]+)/content")),
    ("create", "POST", re.compile(r"/v1/batches")),
    ("list", "GET", re.compile(r"/v1/batches")),
    ("retrieve", "GET", re.compile(r"/v1/batches/([^/]+)")),
    ("cancel", "POST", re.compile(r"/v1/batches/([^/]+)/cancel")),
]
_FOREVER = 3600


@dataclass(frozen=True, slots=True)
class Ending:
    """How a batch ends.

    Attributes:
        status: completed, expired, cancelled or failed.
        n_answered: lines that are carried out, from the first; None for all.
        is_rest_told: whether the error file names the others.
        errors: of a validation that failed, as (code, message, line).
    """

    status: str = "completed"
    n_answered: int | None = None
    is_rest_told: bool = True
    errors: Sequence[tuple[str, str, int | None]] = ()


class BatchApi:
    """What ``JudgeServer`` hands all requests but completions to.

    Args:
        script: answers each line; a status other than 200 is a line of the error file.
        endings: of the batches in the order of their creation; then completed.
        n_polls: looks at a batch until it ends.
        instead: answers to the first requests of an operation, which is then not carried out.
        afterwards: the same for operations that are carried out all the same.
        stall_at: an operation, and which of its requests is carried out and never answered.
    """

    def __init__(
        self,
        script: Script = analyst,
        endings: Sequence[Ending] = (),
        n_polls: int = 1,
        *,
        instead: Mapping[Operation, Sequence[Response]] | None = None,
        afterwards: Mapping[Operation, Sequence[Response]] | None = None,
        stall_at: tuple[Operation, int] | None = None,
    ) -> None:
        self.n_requests = Counter[str]()
        """By operation."""
        self.n_carried_out = Counter[str]()
        """How often each call was carried out, by its custom_id."""
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.has_stalled = threading.Event()
        self._script = script
        self._endings = endings
        self._n_polls = n_polls
        self._instead = {name: list(given) for name, given in (instead or {}).items()}
        self._afterwards = {name: list(given) for name, given in (afterwards or {}).items()}
        self._stall_at = stall_at
        self._n_looks = defaultdict[str, int](int)

    async def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> bytes | None:
        """The whole HTTP answer to a request; None when it is none of these operations."""
        url = urlsplit(target)
        for name, wanted, pattern in _ROUTES:
            if method == wanted and (found := pattern.fullmatch(url.path)):
                self.n_requests[name] += 1
                request = Request(target, headers, {}, self.n_requests[name])
                if self._instead.get(name):
                    return self._instead[name].pop(0).wire(request)
                done = self._carry_out(name, found, url.query, headers, body)
                if self._stall_at == (name, self.n_requests[name]):
                    self.has_stalled.set()
                    await asyncio.sleep(_FOREVER)
                if self._afterwards.get(name):
                    return self._afterwards[name].pop(0).wire(request)
                return done.wire(request)
        return None

    def _carry_out(
        self,
        name: Operation,
        found: re.Match[str],
        query: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Response:
        match name:
            case "upload":
                return self._upload(headers, body)
            case "content":
                content = self.files[found.group(1)]
                return Response(200, lambda _: content, "application/octet-stream")
            case "create":
                return self._create(json.loads(body))
            case "list":
                return self._list(parse_qs(query))
            case "retrieve":
                return self._retrieve(found.group(1))
            case "cancel":
                self.batches[found.group(1)]["status"] = "cancelling"
                return _json(self.batches[found.group(1)])

    def _upload(self, headers: Mapping[str, str], body: bytes) -> Response:
        boundary = headers["content-type"].split("boundary=")[1].strip('"').encode()
        fields: dict[str, bytes] = {}
        for part in body.split(b"--" + boundary)[1:-1]:
            head, _, content = part.partition(b"\r\n\r\n")
            name = re.search(rb'name="([^"]+)"', head)
            assert name
            fields[name.group(1).decode()] = content.removesuffix(b"\r\n")
        assert fields["purpose"] == b"batch"
        file_id = self._keep(fields["file"])
        return _json({"id": file_id, "object": "file", "purpose": "batch", "created_at": _CREATED})

    def _keep(self, content: bytes) -> str:
        file_id = f"file-{len(self.files) + 1}"
        self.files[file_id] = content
        return file_id

    def _create(self, asked: Mapping[str, Any]) -> Response:
        batch_id = f"batch_{len(self.batches) + 1}"
        n_lines = len(self.files[asked["input_file_id"]].splitlines())
        self.batches[batch_id] = {
            **asked,
            "id": batch_id,
            "object": "batch",
            "created_at": 2 * _CREATED + len(self.batches),
            "status": "validating",
            "request_counts": {"total": n_lines, "completed": 0, "failed": 0},
        }
        return _json(self.batches[batch_id])

    def _list(self, query: Mapping[str, list[str]]) -> Response:
        newest_first = list(reversed(self.batches.values()))
        ids = [batch["id"] for batch in newest_first]
        start = ids.index(query["after"][0]) + 1 if "after" in query else 0
        page = newest_first[start : start + int(query["limit"][0])]
        has_more = start + len(page) < len(ids)
        return _json({"object": "list", "data": page, "has_more": has_more})

    def _retrieve(self, batch_id: str) -> Response:
        if batch_id not in self.batches:
            return error(404, f"No batch found with id '{batch_id}'.")
        batch = self.batches[batch_id]
        self._n_looks[batch_id] += 1
        if batch["status"] == "cancelling":
            self._end(batch, Ending("cancelled", batch["request_counts"]["total"] // 2))
        elif batch["status"] in {"validating", "in_progress"}:
            batch["status"] = "in_progress"
            if self._n_looks[batch_id] > self._n_polls:
                place = int(batch_id.removeprefix("batch_")) - 1
                self._end(batch, self._endings[place] if place < len(self._endings) else Ending())
        return _json(batch)

    def _end(self, batch: dict[str, Any], ending: Ending) -> None:
        batch["status"] = ending.status
        if ending.status == "failed":
            names = ("code", "message", "line")
            errors = [{**dict(zip(names, e, strict=True)), "param": None} for e in ending.errors]
            batch["errors"] = {"object": "list", "data": errors}
            return
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        n = len(lines) if ending.n_answered is None else ending.n_answered
        answered = [self._line(line) for line in lines[:n]]
        told = {"code": f"batch_{ending.status}", "message": f"The batch has {ending.status}."}
        rest = [{"custom_id": line["custom_id"], "error": told} for line in lines[n:]]
        good = [row for row in answered if row["response"]["status_code"] == 200]
        bad = [row for row in answered if row["response"]["status_code"] != 200]
        bad += rest if ending.is_rest_told else []
        batch["request_counts"].update(completed=len(good), failed=len(lines) - len(good))
        for name, rows in (("output_file_id", good), ("error_file_id", bad)):
            if rows:
                # The provider keeps no order.
                rows.sort(key=lambda row: row["custom_id"], reverse=True)
                batch[name] = self._keep(b"".join(json.dumps(r).encode() + b"\n" for r in rows))

    def _line(self, line: Mapping[str, Any]) -> dict[str, Any]:
        assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
        self.n_carried_out[line["custom_id"]] += 1
        request = Request(line["url"], {}, line["body"], self.n_carried_out.total())
        response = self._script(request)
        assert isinstance(response, Response), "a batch's script answers at once"
        body = json.loads(response.body(request))
        told = {"status_code": response.status, "request_id": f"req_{request.n}", "body": body}
        return {"id": f"line_{request.n}", "custom_id": line["custom_id"], "response": told}


def _json(answer: Mapping[str, Any]) -> Response:
    body = json.dumps(answer).encode()
    return Response(200, lambda _: body)
