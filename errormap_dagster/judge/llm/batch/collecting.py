"""Recording what a batch has brought, row by row; broken off anywhere, it is simply begun again."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from openai.types import Batch as RemoteBatch

from errormap_dagster.judge.interface import Operation
from errormap_dagster.judge.llm.batch.endpoint import BatchEndpoint
from errormap_dagster.judge.llm.batch.lines import Ending, endings
from errormap_dagster.judge.llm.batch.record import Batch, BatchRecord, OpenCall, in_parts
from errormap_dagster.judge.llm.client import JudgeClient
from errormap_dagster.judge.llm.ending import call_of, n_tokens_of, paid
from errormap_dagster.judge.llm.endpoint import secrets_of
from errormap_dagster.judge.llm.faults import Fault, Next
from errormap_dagster.judge.llm.plan import plan_of
from errormap_dagster.judge.llm.prices import batch_price_of
from errormap_dagster.judge.llm.record import Call, Entry, Spent
from errormap_dagster.judge_settings import JudgeSettings

_LINES_AT_ONCE: Final = 100
"""Lines that are recorded in one transaction."""


class Collector:
    """Takes the answers of batches in, and remembers which calls are to be made again."""

    def __init__(
        self,
        settings: JudgeSettings,
        batches: BatchRecord,
        endpoint: BatchEndpoint,
        client: JudgeClient,
        folder: Path,
    ) -> None:
        self._settings = settings
        self._batches = batches
        self._endpoint = endpoint
        self._client = client
        self._folder = folder
        self._secrets = secrets_of(settings)
        self._n_tries = Counter[str]()
        self.n_to_ask_again = 0
        """Calls that failed, but may succeed in a further batch of this run."""
        self.stop_reason: str | None = None
        """What the provider said of a call that no other call will escape either."""

    def collect(self, batch: Batch, remote: RemoteBatch) -> tuple[float, int]:
        """Record every call that a batch still has out, those without an answer as failed.

        Returns:
            Dollars and tokens that they cost; for what nobody tells, what was set aside.
        """
        usd, tokens = 0.0, 0
        for kind, file_id in (("output", remote.output_file_id), ("errors", remote.error_file_id)):
            if file_id:
                path = self._folder / f"{batch.batch_key}.{kind}.jsonl"
                self._folder.mkdir(parents=True, exist_ok=True)
                self._endpoint.download(file_id, path)
                for part in in_parts(endings(path, self._secrets), _LINES_AT_ONCE):
                    more = self._record(batch, part)
                    usd, tokens = usd + more[0], tokens + more[1]
                path.unlink()
        told = f"the batch {batch.batch_id} ended as {remote.status} without an answer to this call"
        while left := self._batches.still_out(batch.batch_key):
            self._record(batch, _failed(left, Fault(Next.RETRY, told)))
        return usd, tokens

    def fail(self, batch: Batch, calls: Sequence[OpenCall], reason: str) -> None:
        """Record calls that the provider will not make."""
        self._record(batch, _failed(calls, Fault(Next.GIVE_UP, reason)))

    def _record(self, batch: Batch, ended: Iterable[Ending]) -> tuple[float, int]:
        by_id = {ending.call_id: ending for ending in ended}
        out = self._batches.open_calls(batch.batch_key, by_id)
        entries = [self._entry(batch, out[call_id], by_id[call_id]) for call_id in out]
        settled = self._batches.settle(batch.batch_key, entries)
        usd, tokens = 0.0, 0
        for entry in entries:
            call, counted = entry.call, entry.counted
            if call.call_id in settled and counted:
                ending = by_id[call.call_id]
                self._follow(ending)
                self._client.count_call(1, ending.completion, call.cost_usd, 0.0)
                usd, tokens = usd + counted.cost_usd, tokens + counted.n_tokens
        return usd, tokens

    def _entry(self, batch: Batch, out: OpenCall, ending: Ending) -> Entry:
        """What goes on record; what nobody tells counts with what was set aside."""
        call = self._call(batch, out, ending)
        if ending.completion is None:
            return Entry(call, counted=Spent(0.0, 0))
        n_told = n_tokens_of(ending.completion)
        usd = batch.reserved_usd / batch.n_calls if call.cost_usd is None else call.cost_usd
        tokens = batch.reserved_tokens // batch.n_calls if n_told is None else n_told
        return Entry(call, counted=Spent(usd, tokens))

    def _call(self, batch: Batch, out: OpenCall, ending: Ending) -> Call:
        """The row of a call that has ended; what the batch was asked with stands in it."""
        plan = plan_of(self._settings, Operation(batch.stage))
        call = call_of(plan, ending.answer, ending.fault, self._secrets)
        price = batch_price_of(batch.judge, self._settings.prices)
        return replace(
            call,
            call_id=out.call_id,
            judge=batch.judge,
            prompt_hash=out.prompt_hash,
            reply_schema_hash=batch.reply_schema_hash,
            parameters=batch.parameters,
            attempts=1,
            cost_usd=paid(price, ending.completion),
            called_at=batch.submitted_at,
            run_id=batch.run_id,
        )

    def _follow(self, ending: Ending) -> None:
        """Decide whether a call is over for this run."""
        fault = ending.fault
        if fault and fault.next is Next.STOP:
            self.stop_reason = fault.reason
        if fault and fault.next is Next.RETRY:
            self._n_tries[ending.call_id] += 1
            if self._n_tries[ending.call_id] < self._settings.batch.attempts:
                self.n_to_ask_again += 1
                return
        self._client.settled.add(ending.call_id)


def _failed(calls: Iterable[OpenCall], fault: Fault) -> list[Ending]:
    """The endings of calls that came to nothing."""
    return [Ending(call.call_id, None, fault) for call in calls]
