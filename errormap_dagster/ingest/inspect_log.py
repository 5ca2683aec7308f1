"""Inspect: ``.eval`` (a zip of JSON members) and ``.json`` (the same log as one document).

One sample and epoch is one row; a log is read sample by sample.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.choices import DEFAULTS, Choice, Reading
from errormap_dagster.ingest.inspect_archive import Archive, is_archive
from errormap_dagster.ingest.inspect_sample import sample_values
from errormap_dagster.ingest.inspect_scores import metrics_of, score_in
from errormap_dagster.ingest.interface import Batch, SourceFormat
from errormap_dagster.ingest.json_document import first_keys, members, some_members
from errormap_dagster.ingest.rows import Kept, Record, Rejected, batched
from errormap_dagster.ingest.scores import NoScore

Sample = Mapping[str, Any]
_HEADER_KEYS = {"eval", "results", "status"}


class Inspect(SourceFormat):
    """The logs of Inspect."""

    name = "inspect"

    def sniff(self, path: Path) -> bool:
        """Whether it is a zip with a log's members, or a document with a log's keys."""
        return is_archive(path) or {"status", "eval"} <= set(first_keys(path, 3))

    def read(self, path: Path, reading: Reading = DEFAULTS) -> Iterator[Batch]:
        """Read sample by sample."""
        records = _from_archive if is_archive(path) else _from_document
        yield from batched(records(path, reading))


def _from_archive(path: Path, reading: Reading) -> Iterator[Record]:
    with Archive(path) as archive:
        header = archive.header()
        log = _Log(path, header, reading)
        number = 0
        for sample in archive.samples():
            number += 1
            yield from log.records(number, sample)
        for lost in archive.only_summarised():
            number += 1
            yield Rejected(number, "missing_output", _ONLY_SUMMARY, lost)
    if number == 0:
        raise _without_samples(path, header)


def _from_document(path: Path, reading: Reading) -> Iterator[Record]:
    header = some_members(path, _HEADER_KEYS)
    log = _Log(path, header, reading)
    n = 0
    for key, value in members(path, {"samples"}):
        if key == "samples" and isinstance(value, Mapping):
            n += 1
            yield from log.records(n, value)
    if n == 0:
        raise _without_samples(path, header)


def _without_samples(path: Path, header: Mapping[str, Any]) -> IngestError:
    n = (header.get("results") or {}).get("completed_samples")
    told = f" (its results speak of {n})" if n else ""
    return IngestError(
        f"{path}: is a log of Inspect without samples{told}; only what it says of all of them is "
        "there. Run the evaluation with log_samples, or land the log that has them."
    )


_ONLY_SUMMARY = (
    "the run ended before the sample was written; the log holds a shortened summary of it, which "
    "is not enough to judge by. Repair it with `inspect log recover`, or run the sample again"
)


class _Log:
    """What is the same for all samples of a log, and what was chosen of their scores."""

    def __init__(self, path: Path, header: Mapping[str, Any], reading: Reading) -> None:
        spec = header.get("eval")
        if not isinstance(spec, Mapping):
            raise IngestError(f"{path}: is a log of Inspect without 'eval'; it is damaged.")
        self._results = header.get("results") or {}
        self._reading = reading
        self._choice: Choice | None = None
        self._dataset = _dataset_of(spec)
        self._same = {
            "dataset": self._dataset,
            "model": _model_of(str(spec.get("model", ""))),
            # One run may hold the same task several times; each has an id of its own.
            "run_id": spec.get("eval_id") or spec.get("run_id"),
        }

    def records(self, number: int, sample: Sample) -> Iterator[Record]:
        if reason := _infrastructure(sample):
            yield Rejected(number, "infrastructure_error", reason, sample)
            return
        scores = sample.get("scores") or {}
        if not scores:
            yield Rejected(number, "unscored", _UNSCORED, sample)
            return
        if self._choice is None:
            metrics = metrics_of(scores, self._results)
            self._choice = self._reading.choose(self._dataset, metrics)
            yield self._choice
        score = score_in(scores, self._choice.metric)
        if isinstance(score, NoScore):
            yield Rejected(number, *score, sample)
            return
        told = {"metric": self._choice.metric, "score": score}
        yield Kept(number, {**sample_values(sample), **self._same, **told})


_UNSCORED = (
    "the sample has no score, which is not the same as a wrong answer; score the log with "
    "`inspect score`, or leave it out"
)


def _infrastructure(sample: Sample) -> str | None:
    """What went wrong outside of the model, if anything did."""
    if error := sample.get("error"):
        message = error.get("message") if isinstance(error, Mapping) else error
        return f"the sample ended with an error of the harness: {message!s:.500}; run it again"
    if limit := sample.get("limit"):
        kind = limit.get("type") if isinstance(limit, Mapping) else limit
        return f"the sample was stopped by the harness's limit ({kind}); raise it and run again"
    if invalid := sample.get("invalidation"):
        why = invalid.get("reason") if isinstance(invalid, Mapping) else invalid
        return f"the sample was invalidated after the run: {why!s:.500}"
    return None


def _dataset_of(spec: Mapping[str, Any]) -> str:
    """The task without the package that it comes from; a data set may serve several tasks."""
    task = str(spec.get("task") or (spec.get("dataset") or {}).get("name") or "")
    return task.rsplit("/", 1)[-1]


def _model_of(name: str) -> str:
    """The model without the provider that it was called at."""
    return name.split("/", 1)[-1]
