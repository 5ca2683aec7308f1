"""What a person may want of the batches: see them, take one back, give one up."""

from errormap_dagster.errors import SettingsError
from errormap_dagster.judge.llm.batch.endpoint import BatchEndpoint
from errormap_dagster.judge.llm.batch.record import FORGOTTEN, Batch, BatchRecord
from errormap_dagster.judge.llm.record import CallRecord
from errormap_dagster.judge_settings import JudgeSettings


class BatchLedger:
    """The batches of one record of calls."""

    def __init__(self, settings: JudgeSettings, record_url: str) -> None:
        self._settings = settings
        self._batches = BatchRecord.beside(CallRecord.open(record_url).engine)

    def batches(self) -> list[Batch]:
        """All of them as they are on record, the oldest first."""
        return self._batches.batches()

    def look(self) -> None:
        """Ask the provider how far its batches are.

        Raises:
            JudgeStoppedError: it gives no answer.
            SettingsError: there is no key.
        """
        out = [batch.batch_id for batch in self._batches.open_batches()]
        if not any(out):
            return
        endpoint = BatchEndpoint(self._settings)
        for batch in self._batches.open_batches():
            if batch.batch_id:
                remote = endpoint.retrieve(batch.batch_id)
                counts = remote.request_counts
                n_ended = counts.completed + counts.failed if counts else batch.n_ended
                self._batches.note(batch.batch_key, status=remote.status, n_ended=n_ended)

    def cancel(self, name: str) -> None:
        """Have the provider stop; what it has answered by then is paid, and the next run collects.

        Raises:
            SettingsError: no batch of this name is out.
            JudgeStoppedError: the provider gives no answer.
        """
        batch = self._named(name)
        if batch.batch_id:
            remote = BatchEndpoint(self._settings).cancel(batch.batch_id)
            self._batches.note(batch.batch_key, status=remote.status)

    def forget(self, name: str) -> None:
        """Let the calls of a batch be asked anew, whatever the provider makes of it.

        Raises:
            SettingsError: no batch of this name is out.
        """
        self._batches.give_back(self._named(name).batch_key, status=FORGOTTEN)

    def _named(self, name: str) -> Batch:
        out = self._batches.open_batches()
        for batch in out:
            if batch.name == name:
                return batch
        names = ", ".join(batch.name for batch in out) or "none"
        raise SettingsError(f"No batch {name} is with the provider; there are: {names}.")


def has_batch_api(settings: JudgeSettings) -> bool:
    """Whether the endpoint has a Batch API.

    Raises:
        JudgeStoppedError: it gives no answer.
    """
    return BatchEndpoint(settings).has_batches()
