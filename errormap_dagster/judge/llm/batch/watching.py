"""Watching the batches that are with the provider until they have ended."""

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from openai.types import Batch as RemoteBatch
from openai.types import BatchError

from errormap_dagster import progress
from errormap_dagster.errors import JudgeStoppedError, JudgeWaitingError
from errormap_dagster.judge.llm.batch.collecting import Collector
from errormap_dagster.judge.llm.batch.draft import REQUESTS
from errormap_dagster.judge.llm.batch.endpoint import BatchEndpoint
from errormap_dagster.judge.llm.batch.record import Batch, BatchRecord
from errormap_dagster.judge.llm.guards import Budget

_LOG: Final = logging.getLogger(__name__)
_ENDED: Final = {"completed", "expired", "cancelled", "failed"}
_TOO_MUCH: Final = "token_limit_exceeded"
_LEFT_ALONE: Final = timedelta(hours=1)
"""So long a submission of another home may take until it counts as broken off."""
_MOST_REASONS: Final = 3


class Watch:
    """The batches that are out, with what is set aside for each."""

    def __init__(
        self,
        batches: BatchRecord,
        endpoint: BatchEndpoint,
        collector: Collector,
        budget: Budget,
        folder: Path,
        run_id: str,
    ) -> None:
        self._batches = batches
        self._endpoint = endpoint
        self._collector = collector
        self._budget = budget
        self._folder = folder
        self._run_id = run_id
        self._held: dict[str, tuple[float, int]] = {}
        self._n_shown: dict[str, int] = {}
        self.largest: int | None = None
        """Calls that a batch may hold, once the provider has refused a larger one."""

    def hold(self, batch_key: str, usd: float, tokens: int) -> None:
        """Remember what the budget has set aside for a batch."""
        self._held[batch_key] = (usd, tokens)

    def take_over(self, stage: str) -> None:
        """Find what earlier runs left: hold its cost, and collect what has ended."""
        for batch in self._batches.open_batches(stage):
            if batch.batch_key not in self._held:
                self._budget.hold(batch.reserved_usd, batch.reserved_tokens)
                self.hold(batch.batch_key, batch.reserved_usd, batch.reserved_tokens)
            self._look(batch, is_waited_for=False)
        known = {batch.batch_key for batch in self._batches.open_batches()}
        for path in self._folder.glob("*"):
            if path.name.split(".")[0] not in known:
                path.unlink()

    def wait(
        self, stage: str, deadline: float, poll_seconds: float, *, for_all: bool = True
    ) -> None:
        """Look again and again until all batches of a stage have ended, or one of them has.

        Args:
            stage: whose batches.
            deadline: on the monotonic clock.
            poll_seconds: between two looks.
            for_all: wait for all, not for one.

        Raises:
            JudgeWaitingError: the deadline is over.
            JudgeStoppedError: a batch was cancelled, or was refused as a whole.
        """
        out = self._batches.open_batches(stage)
        n_before = len(out)
        while out:
            for batch in out:
                self._look(batch, is_waited_for=True)
            out = self._batches.open_batches(stage)
            if not out or (not for_all and len(out) < n_before):
                return
            if time.monotonic() >= deadline:
                raise JudgeWaitingError(_waiting(out))
            time.sleep(poll_seconds)

    def note(self, batch: Batch, remote: RemoteBatch) -> None:
        """Write down what the provider says of a batch."""
        told = {"batch_id": remote.id, "status": remote.status, "n_ended": _n_ended(remote)}
        self._batches.note(batch.batch_key, **told)

    def give_back(self, batch: Batch, **values: object) -> None:
        """Let the calls of a batch be asked anew: none of them was made."""
        self._batches.give_back(batch.batch_key, **values)
        self._release(batch, 0.0, 0)

    def _look(self, batch: Batch, *, is_waited_for: bool) -> None:
        """See how far a batch is; collect it when it has ended."""
        if batch.batch_id is None:
            self._resume(batch)
            return
        remote = self._endpoint.retrieve(batch.batch_id)
        self._show(batch, remote)
        if (remote.status, _n_ended(remote)) != (batch.status, batch.n_ended):
            self.note(batch, remote)
            told = (batch.batch_id, remote.status, _n_ended(remote), batch.n_calls)
            _LOG.info("batch %s: %s, %d of %d calls have ended", *told)
        if remote.status == "failed" and not remote.output_file_id:
            self._take_refusal(batch, (remote.errors.data if remote.errors else None) or [])
        elif remote.status in _ENDED:
            self._release(batch, *self._collector.collect(batch, remote))
            self._batches.note(batch.batch_key, collected_at=datetime.now(UTC))
            self._stop_if_need_be(remote, is_waited_for=is_waited_for)

    def _stop_if_need_be(self, remote: RemoteBatch, *, is_waited_for: bool) -> None:
        if reason := self._collector.stop_reason:
            raise JudgeStoppedError(
                f"The judge cannot go on: {reason}. What was answered is recorded and is not paid "
                "again: mend the cause, then `errormap run`."
            )
        if remote.status == "cancelled" and is_waited_for:
            raise JudgeStoppedError(
                f"Batch {remote.id} was cancelled. What it had answered is recorded; "
                "`errormap run` asks the rest."
            )

    def _resume(self, batch: Batch) -> None:
        """Find a batch whose id never reached us; if the provider has none, no call was made."""
        requests = self._folder / f"{batch.batch_key}{REQUESTS}"
        # One run at a time has this home, so its own file is nobody's any more.
        if not requests.exists() and datetime.now(UTC) - batch.submitted_at < _LEFT_ALONE:
            return
        remote = None
        if batch.file_id is not None:
            remote = self._endpoint.find(batch.batch_key, batch.submitted_at)
        if remote:
            self.note(batch, remote)
        else:
            self.give_back(batch)
        requests.unlink(missing_ok=True)

    def _take_refusal(self, batch: Batch, errors: Sequence[BatchError]) -> None:
        """A batch that did not pass the provider's validation: none of its calls was made."""
        messages = dict.fromkeys(f"{error.code}: {error.message}" for error in errors)
        reason = "; ".join(list(messages)[:_MOST_REASONS]) or "it gave no reason"
        bad_lines = {error.line for error in errors if error.line is not None}
        is_too_much = any(error.code == _TOO_MUCH for error in errors)
        calls = self._batches.still_out(batch.batch_key, most=batch.n_calls)
        bad = [call for line, call in enumerate(calls, start=1) if line in bad_lines]
        self._collector.fail(batch, bad, f"the provider refused the call: {reason}")
        self._collector.n_to_ask_again += len(calls) - len(bad)
        self.give_back(batch, status="failed", reason=reason)
        if is_too_much and batch.n_calls > 1:
            # What is waiting counts towards the limit: smaller ones, one after the other.
            self.largest = max(1, min(self.largest or batch.n_calls, batch.n_calls) // 2)
            _LOG.warning("batch %s: %s; going on with smaller ones", batch.batch_id, reason)
        elif not bad:
            raise JudgeStoppedError(
                f"The provider refused batch {batch.batch_id}: {reason}. No call of it was made. "
                "Mend the cause (judge.batch, judge.parameters), then `errormap run`."
            )

    def _show(self, batch: Batch, remote: RemoteBatch) -> None:
        """Tell whoever watches the run how many calls of a batch have ended."""
        work = f"calls_of_batch_{batch.batch_key[:6]}"
        if batch.batch_key not in self._n_shown:
            progress.begin(work, batch.n_calls)
        n_ended = batch.n_calls if remote.status in _ENDED else _n_ended(remote)
        progress.advance(work, n_ended - self._n_shown.get(batch.batch_key, 0))
        self._n_shown[batch.batch_key] = n_ended

    def _release(self, batch: Batch, usd: float, tokens: int) -> None:
        """Put back what was set aside for a batch, and count what it cost."""
        self._budget.put_back(*self._held.pop(batch.batch_key, (0.0, 0)))
        is_counted = {
            "run": batch.run_id == self._run_id,
            "day": batch.submitted_at.date() == datetime.now(UTC).date(),
        }
        limits = [name for name, counts in is_counted.items() if counts]
        self._budget.spend(usd, tokens, limits=limits)


def _n_ended(remote: RemoteBatch) -> int:
    counts = remote.request_counts
    return counts.completed + counts.failed if counts else 0


def _waiting(out: Sequence[Batch]) -> str:
    names = ", ".join(batch.name for batch in out)
    return (
        f"{sum(batch.n_calls for batch in out)} calls are with the provider as batch {names}. They "
        "are on record and are not submitted again: run again to collect them "
        "(`errormap judge batches` shows how far they are)."
    )
