"""Every Eval Ever, instance level: ``<uuid>_samples.jsonl`` with the aggregate ``<uuid>.json``.

``is_correct`` is not used: converters set it to false for every graded metric, whatever the score.
The score counts, with the direction that the aggregate gives.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from errormap_dagster.ingest.choices import DEFAULTS, Choice, Reading
from errormap_dagster.ingest.interface import Batch, SourceFormat
from errormap_dagster.ingest.json_document import first_keys, some_members
from errormap_dagster.ingest.json_lines import Line, first_object, lines
from errormap_dagster.ingest.messages import (
    after_prompt,
    joined_references,
    with_options,
    with_reasoning,
)
from errormap_dagster.ingest.rows import Kept, PassedOver, Record, Rejected, batched
from errormap_dagster.ingest.scores import NoScore, score_of

_SIGNS = {"evaluation_id", "sample_id", "interaction_type", "evaluation"}
_DEFAULT_METRIC = "score"
_ENDING = "_samples.jsonl"
_UNKNOWN = -1
"""The score of the level "unknown", where a metric has one."""


class EveryEvalEver(SourceFormat):
    """The instance level of Every Eval Ever."""

    name = "every_eval_ever"

    def sniff(self, path: Path) -> bool:
        """Whether the first line is an instance."""
        return set(first_object(path)) >= _SIGNS

    def companions(self, path: Path) -> list[Path]:
        """The aggregate of the same evaluation."""
        found = _aggregate_file(path)
        return [found] if found else []

    def read(self, path: Path, reading: Reading = DEFAULTS) -> Iterator[Batch]:
        """Read line by line; of several metrics of a sample one is taken."""
        yield from batched(_Records(path, reading))


def is_aggregate(path: Path) -> bool:
    """Whether a file is the aggregate of an evaluation."""
    return {"schema_version", "evaluation_id"} <= set(first_keys(path))


def _aggregate_file(path: Path) -> Path | None:
    name = path.name.removesuffix(".gz")
    beside = path.with_name(name.removesuffix(_ENDING) + ".json")
    return beside if name.endswith(_ENDING) and beside.is_file() else None


class _Records:
    """The records of a file: the first metric of each evaluation counts, unless one is set."""

    def __init__(self, path: Path, reading: Reading) -> None:
        self._path = path
        self._reading = reading
        found = _aggregate_file(path)
        results = some_members(found, {"evaluation_results"}) if found else {}
        entries: list[Mapping[str, Any]] = results.get("evaluation_results") or []
        self._metrics = [(entry, entry.get("metric_config") or {}) for entry in entries]
        self._choices: dict[str, Choice] = {}
        self._seen: set[bytes] = set()

    def __iter__(self) -> Iterator[Record]:
        for line in lines(self._path):
            if isinstance(line, Rejected):
                yield line
                continue
            dataset = str(line.value.get("evaluation_name") or "")
            if dataset not in self._choices:
                self._choices[dataset] = self._choose(dataset, line.value)
                yield self._choices[dataset]
            yield self._record(line, self._choices[dataset])

    def _choose(self, dataset: str, first: Mapping[str, Any]) -> Choice:
        of_first = self._metric(first)
        named = [_name(c) for e, c in self._metrics if e.get("evaluation_name") == dataset]
        metrics = list(dict.fromkeys([of_first, *named]))
        return self._reading.choose(dataset, metrics)

    def _config(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the aggregate says of the record's metric; empty where it cannot be told."""
        result_id, name = record.get("evaluation_result_id"), record.get("evaluation_name")
        if result_id is not None:
            by_id = [c for e, c in self._metrics if e.get("evaluation_result_id") == result_id]
            return by_id[0] if by_id else {"metric_id": str(result_id)}
        by_name = [c for e, c in self._metrics if e.get("evaluation_name") == name]
        return by_name[0] if len(by_name) == 1 else {}

    def _metric(self, record: Mapping[str, Any]) -> str:
        return _name(self._config(record))

    def _record(self, line: Line, choice: Choice) -> Record:
        record, config = line.value, self._config(line.value)
        if error := record.get("error"):
            told = f"the harness reports an error: {error!s:.500}; run the sample again"
            return Rejected(line.number, "infrastructure_error", told, line.text)
        if _name(config) != choice.metric or self._is_scored_again(record):
            return PassedOver(line.number)
        value = (record.get("evaluation") or {}).get("score")
        if config.get("has_unknown_level") and value == _UNKNOWN:
            value = None
        score = score_of(choice.metric, value)
        if isinstance(score, NoScore):
            return Rejected(line.number, *score, line.text)
        lower = config.get("lower_is_better")
        direction = {"higher_is_better": None if lower is None else not lower}
        told = {"metric": choice.metric, "score": score, "dataset": choice.dataset, **direction}
        return Kept(line.number, {**_values(record), **told}, line.text)

    def _is_scored_again(self, record: Mapping[str, Any]) -> bool:
        """Whether the same answer stood before: metrics and filters repeat it without a name."""
        same = [record.get(key) for key in ("evaluation_name", "sample_id", "output", "messages")]
        mark = hashlib.sha256(repr(same).encode("utf-8", "backslashreplace")).digest()[:16]
        is_known = mark in self._seen
        self._seen.add(mark)
        return is_known


def _name(config: Mapping[str, Any]) -> str:
    named = (config.get(key) for key in ("metric_id", "metric_name", "metric_kind"))
    return str(next((name for name in named if name), _DEFAULT_METRIC))


def _values(record: Mapping[str, Any]) -> dict[str, Any]:
    given = record.get("input") or {}
    choices = [str(choice) for choice in given.get("choices") or ()]
    raw = given.get("raw")
    # Converters put the whole prompt into `raw`, options and all; then they are not repeated.
    has_options = all(choice in (raw or "") for choice in choices)
    asked = given.get("formatted") or (raw if has_options else with_options(raw, choices))
    return {
        "example_id": record.get("sample_id"),
        "model": record.get("model_id"),
        "run_id": record.get("evaluation_id"),
        "input_text": asked,
        "output_text": _output(record),
        "correct_answer": joined_references(given.get("reference") or []),
        "bare_input": raw,
    }


def _output(record: Mapping[str, Any]) -> str | None:
    if messages := record.get("messages"):
        return after_prompt(messages)
    output = record.get("output") or {}
    answers = output.get("raw") or []
    thoughts = output.get("reasoning_trace") or [None]
    return with_reasoning(thoughts[0], answers[0]) if answers else None
