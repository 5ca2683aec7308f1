"""The provider's Files and Batches API, with retries: one request at a time, nothing decided."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import openai
from openai.types import Batch as RemoteBatch
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from errormap_dagster.errors import JudgeStoppedError
from errormap_dagster.judge.llm.endpoint import blocking_endpoint_of, secrets_of
from errormap_dagster.judge.llm.faults import FaultError, Next, fault_of
from errormap_dagster.judge.llm.retries import Wait, is_retried
from errormap_dagster.judge_settings import JudgeSettings

Result = TypeVar("Result")

_MARK: Final = "errormap_batch"
"""Key of our mark in a batch's metadata: by it a batch is found whose id never reached us."""
_CLOCKS_APART: Final = timedelta(hours=1)
_NOT_THERE: Final = {404, 405, 501}
_PAGE: Final = 100
_WINDOW: Final = "24h"


class RefusedError(JudgeStoppedError):
    """The provider has said no: what was asked for has not happened."""


class BatchEndpoint:
    """What the lane asks of the provider.

    Every method raises JudgeStoppedError when there is no answer of use after all tries, and
    RefusedError when the provider refuses.
    """

    def __init__(self, settings: JudgeSettings) -> None:
        self._client = blocking_endpoint_of(settings)
        self._settings = settings
        self._secrets = secrets_of(settings)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def upload(self, path: Path) -> str:
        """Send a file of requests; the provider's name of it."""

        def send() -> str:
            with path.open("rb") as file:
                upload = ("requests.jsonl", file, "application/jsonl")
                return self._client.files.create(file=upload, purpose="batch").id

        return self._tried(send, self._no_batches())

    def create(self, file_id: str, batch_key: str, since: datetime) -> RemoteBatch:
        """Have a file's requests carried out, once: after an unclear end it is looked for first."""
        is_first = True

        def create() -> RemoteBatch:
            nonlocal is_first
            if not is_first and (known := self._find_once(batch_key, since)):
                return known
            is_first = False
            return self._client.batches.create(
                input_file_id=file_id,
                # Azure has an address of its own, which the type does not list.
                endpoint=self._settings.batch.url,  # pyright: ignore[reportArgumentType]
                completion_window=_WINDOW,
                metadata={_MARK: batch_key},
            )

        return self._tried(create, self._no_batches())

    def find(self, batch_key: str, since: datetime) -> RemoteBatch | None:
        """The batch with our mark that was created at or after a time; None when there is none."""
        return self._tried(lambda: self._find_once(batch_key, since), self._no_batches())

    def _find_once(self, batch_key: str, since: datetime) -> RemoteBatch | None:
        earliest = (since - _CLOCKS_APART).timestamp()
        for batch in self._client.batches.list(limit=_PAGE):
            if (batch.metadata or {}).get(_MARK) == batch_key:
                return batch
            if batch.created_at < earliest:
                return None  # the newest come first
        return None

    def retrieve(self, batch_id: str) -> RemoteBatch:
        """How far a batch has come; an endpoint that is away for a few looks is waited for."""
        pause = self._settings.batch.poll_seconds
        unknown = _unknown(batch_id)
        return self._tried(lambda: self._client.batches.retrieve(batch_id), unknown, pause)

    def cancel(self, batch_id: str) -> RemoteBatch:
        """Take a batch back; what it has answered by then stays and is paid for."""
        return self._tried(lambda: self._client.batches.cancel(batch_id), _unknown(batch_id))

    def download(self, file_id: str, path: Path) -> Path:
        """A file of answers, streamed to a path; it is there whole or not at all."""
        part = path.with_suffix(".part")

        def fetch() -> Path:
            with self._client.files.with_streaming_response.content(file_id) as response:
                response.stream_to_file(part)
            return part.replace(path)

        return self._tried(fetch, f"It no longer has the file {file_id} of answers.")

    def has_batches(self) -> bool:
        """Whether the endpoint has a Batch API."""
        try:
            self._tried(lambda: self._client.batches.list(limit=1), "")
        except RefusedError:
            return False
        return True

    def _no_batches(self) -> str:
        url = self._settings.base_url or "OpenAI"
        return f"The endpoint {url} has no Batch API: set judge.lane to 'ordinary'."

    def _tried(
        self, do: Callable[[], Result], if_not_there: str, pause_seconds: float = 0.0
    ) -> Result:
        """What a request brings, tried while its fault may pass."""
        wait = Wait(self._settings.limits.longest_wait_seconds)

        def pause(state: RetryCallState) -> float:
            return wait(state) + pause_seconds

        retrying = Retrying(
            stop=stop_after_attempt(self._settings.limits.attempts),
            retry=retry_if_exception(is_retried),
            wait=pause,
            sleep=time.sleep,
            reraise=True,
        )
        try:
            return retrying(lambda: self._once(do, if_not_there))
        except FaultError as error:
            kind = JudgeStoppedError if error.fault.next is Next.RETRY else RefusedError
            raise kind(
                f"The provider's Batch API cannot be used: {error.fault.reason}. What was answered "
                "is recorded, and what was submitted is collected by the next run: mend the cause "
                "(`errormap judge check` helps), then `errormap run`."
            ) from error

    def _once(self, do: Callable[[], Result], if_not_there: str) -> Result:
        try:
            return do()
        except OSError:
            raise  # our own disk
        except Exception as error:
            if isinstance(error, openai.APIStatusError) and error.status_code in _NOT_THERE:
                raise RefusedError(f"{if_not_there} (It answered {error.status_code}.)") from error
            raise FaultError(fault_of(error, self._secrets)) from error


def _unknown(batch_id: str) -> str:
    return (
        f"The endpoint knows no batch {batch_id}, which was submitted before: another account or "
        f"endpoint? `errormap judge batches --forget {batch_id}` lets its calls be asked anew."
    )
