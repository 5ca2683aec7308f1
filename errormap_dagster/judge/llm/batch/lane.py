"""The batch lane: questions are handed in together, waited for, and their answers recorded.

It fills the record of calls before the ordinary lane goes through the same questions and finds
them answered. What follows from an answer (a repair, an id that a reply left out) the ordinary lane
asks. docs/adr/0012-batch-lane.md says why.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from errormap_dagster.errors import JudgeStoppedError
from errormap_dagster.judge.llm.batch.collecting import Collector
from errormap_dagster.judge.llm.batch.draft import Draft
from errormap_dagster.judge.llm.batch.endpoint import BatchEndpoint, RefusedError
from errormap_dagster.judge.llm.batch.record import SUBMITTING, Batch, BatchRecord, in_parts
from errormap_dagster.judge.llm.batch.watching import Watch
from errormap_dagster.judge.llm.client import JudgeClient, Question
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.prices import batch_price_of
from errormap_dagster.judge.llm.record import CallRecord
from errormap_dagster.judge_settings import JudgeSettings

Questions = Callable[[], Iterator[tuple[str, str]]]
"""The two texts of every prompt, from the first on whenever it is called."""

_LOG: Final = logging.getLogger(__name__)
_MEGABYTE: Final = 1_000_000
_SECONDS_PER_HOUR: Final = 3600


class BatchLane:
    """Batches of one run; one run at a time works on a home."""

    def __init__(
        self,
        settings: JudgeSettings,
        client: JudgeClient,
        record: CallRecord,
        folder: Path,
        run_id: str,
    ) -> None:
        self._settings = settings
        self._client = client
        self._budget = client.budget
        self._folder = folder
        self._run_id = run_id
        self._record = record
        self._batches = BatchRecord.beside(record.engine)
        self._endpoint = BatchEndpoint(settings)
        self._collector = Collector(settings, self._batches, self._endpoint, client, folder)
        self._watch = Watch(
            self._batches, self._endpoint, self._collector, client.budget, folder, run_id
        )
        self._deadline = 0.0
        self._draft: Draft | None = None

    def ask(self, plan: StagePlan, questions: Questions) -> None:
        """Have every question answered that is not on record yet; first collect what is out.

        In the ordinary lane nothing is handed in, and what an earlier run handed in is collected.

        Raises:
            JudgeWaitingError: calls are with the provider, and the run is not to wait for them.
            JudgeStoppedError: the provider or the budget stops the run, or a batch was cancelled.
            SettingsError: the budget is in dollars and no price by batch is known.
        """
        stage = plan.stage.value
        hours = self._settings.batch.wait_hours
        self._deadline = time.monotonic() + hours * _SECONDS_PER_HOUR
        self._check_address(stage)
        self._watch.take_over(stage)
        is_on = self._settings.lane == "batch"
        while True:
            self._collector.n_to_ask_again = 0
            if is_on:
                self._hand_in(plan, questions)
            self._wait(stage)
            if not is_on or not self._collector.n_to_ask_again:
                return

    def close(self) -> None:
        """Close the connections and the record."""
        self._endpoint.close()
        self._record.close()

    def _wait(self, stage: str, *, for_all: bool = True) -> None:
        pause = self._settings.batch.poll_seconds
        self._watch.wait(stage, self._deadline, pause, for_all=for_all)

    @property
    def _address(self) -> str:
        return self._settings.base_url or "OpenAI"

    def _check_address(self, stage: str) -> None:
        for batch in self._batches.open_batches(stage):
            if batch.endpoint != self._address:
                raise JudgeStoppedError(
                    f"{batch.n_calls} calls are with {batch.endpoint} as batch {batch.name}, and "
                    f"judge.base_url names {self._address} now. Set it back to collect them, or "
                    f"`errormap judge batches --forget {batch.name}` to have them asked anew."
                )

    def _hand_in(self, plan: StagePlan, questions: Questions) -> None:
        """Submit what is missing on record, in batches."""
        try:
            for part in in_parts(questions()):
                texts_of = {plan.call_id(*texts): texts for texts in part}
                missing = self._batches.missing(texts_of.keys() - self._client.settled)
                for call_id, texts in texts_of.items():
                    if call_id in missing and not (self._draft and call_id in self._draft):
                        self._add(plan, self._client.question(plan, *texts, call_id))
            self._submit(plan)
        finally:
            if self._draft:
                self._budget.put_back(*self._draft.reserved())
                self._draft.discard()
                self._draft = None

    def _add(self, plan: StagePlan, question: Question) -> None:
        """Put a question into the draft; when the budget has no room, submit and wait first."""
        settings = self._settings
        price = batch_price_of(plan.model, settings.prices)
        reply_tokens = int(plan.parameters.get(settings.reply_tokens_name, 0))
        most = self._budget.most_of(plan.model, price, question.n_tokens, reply_tokens)
        while passed := self._budget.passed(*most):
            self._submit(plan)
            if not self._batches.open_batches(plan.stage.value):
                raise JudgeStoppedError(passed)
            # A call mostly costs far less than is set aside for it.
            self._wait(plan.stage.value, for_all=False)
        if self._draft is None:
            self._draft = Draft(self._folder, uuid.uuid4().hex, settings.batch.url)
        self._draft.add(question, *most)
        self._budget.hold(*most)
        largest = self._watch.largest or settings.batch.calls_per_batch
        is_full = len(self._draft.calls) >= min(largest, settings.batch.calls_per_batch)
        if is_full or self._draft.n_bytes >= settings.batch.megabytes_per_batch * _MEGABYTE:
            self._submit(plan)

    def _submit(self, plan: StagePlan) -> None:
        """Hand the draft in. It is on record first: whatever happens then, its batch is found."""
        draft, self._draft = self._draft, None
        if draft is None:
            return
        draft.close()
        batch = self._row(plan, draft)
        own = self._batches.begin(batch, draft.calls)
        lost = draft.reserved({call_id for call_id, _ in draft.calls} - own)
        self._budget.put_back(*lost)
        if own:
            kept = (batch.reserved_usd - lost[0], batch.reserved_tokens - lost[1])
            self._watch.hold(batch.batch_key, *kept)
            draft.keep(own)
            self._send(batch, draft.path)
        draft.discard()
        if self._watch.largest:
            self._wait(batch.stage)

    def _row(self, plan: StagePlan, draft: Draft) -> Batch:
        usd, tokens = draft.reserved()
        return Batch(
            batch_key=draft.batch_key,
            stage=plan.stage.value,
            judge=plan.model,
            reply_schema_hash=plan.reply_schema_hash,
            parameters=plan.parameters_json,
            endpoint=self._address,
            run_id=self._run_id,
            status=SUBMITTING,
            n_calls=len(draft.calls),
            n_ended=0,
            reserved_usd=usd,
            reserved_tokens=tokens,
            submitted_at=datetime.now(UTC),
        )

    def _send(self, batch: Batch, path: Path) -> None:
        try:
            file_id = self._endpoint.upload(path)
        except BaseException:
            # Nobody is paid for a file: no call was made.
            self._watch.give_back(batch)
            path.unlink()
            raise
        self._batches.note(batch.batch_key, file_id=file_id)
        try:
            remote = self._endpoint.create(file_id, batch.batch_key, batch.submitted_at)
        except RefusedError:
            self._watch.give_back(batch)
            path.unlink()
            raise
        self._watch.note(batch, remote)
        _LOG.info("batch %s: %d calls submitted (%s)", remote.id, batch.n_calls, batch.stage)


def is_lane_needed(settings: JudgeSettings, record: CallRecord) -> bool:
    """Whether calls are to go by batch, or are with the provider from an earlier run."""
    return settings.lane == "batch" or bool(BatchRecord.beside(record.engine).open_batches())
