"""lm-evaluation-harness: ``samples_<task>_<date>.jsonl`` with the ``results_<date>.json`` beside.

One line is one answer by one filter. Layouts from 0.4.0 on are read: with and without ``filter``,
``metrics`` and hashes, arguments as lists or as ``gen_args_0``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.choices import DEFAULTS, Choice, Reading
from errormap_dagster.ingest.interface import Batch, SourceFormat
from errormap_dagster.ingest.json_document import first_keys, some_members
from errormap_dagster.ingest.json_lines import Line, first_object, lines
from errormap_dagster.ingest.lm_eval_answers import Answer, answer_of
from errormap_dagster.ingest.rows import Kept, PassedOver, Record, Rejected, batched
from errormap_dagster.ingest.scores import NoScore, of_instances_first, score_of

_SAMPLES = re.compile(r"^samples_(?P<task>.+)_(?P<date>\d{4}-\d\d-\d\dT[^_]+)$")
_RESULT_KEYS = ("results", "configs", "higher_is_better", "model_name", "model_source", "config")
_RESERVED = frozenset(
    "doc_id doc target arguments resps filtered_resps filter metrics doc_hash prompt_hash "
    "target_hash idx".split()
)
_SIGNS = {"doc_id", "resps", "filtered_resps"}
_NO_FILTER = "none"


class LmEval(SourceFormat):
    """The samples files of lm-evaluation-harness."""

    name = "lm_eval"

    def sniff(self, path: Path) -> bool:
        """Whether the first line is a sample."""
        return set(first_object(path)) >= _SIGNS

    def companions(self, path: Path) -> list[Path]:
        """The results file of the same run."""
        found = results_file(path)
        return [found] if found else []

    def read(self, path: Path, reading: Reading = DEFAULTS) -> Iterator[Batch]:
        """Read line by line; of several filters one is taken."""
        yield from batched(_records(path, _Run.of(path), reading))


def is_results(path: Path) -> bool:
    """Whether a file holds the results of a run."""
    keys = set(first_keys(path))
    others = {"configs", "versions", "config", "groups", "group_subtasks", "n-shot"}
    return "results" in keys and bool(keys & others) and "config_general" not in keys


def results_file(path: Path) -> Path | None:
    """The results file beside a samples file: that of its date, else the only one there is."""
    named = _SAMPLES.match(_stem(path))
    beside = path.with_name(f"results_{named['date']}.json") if named else path
    if named and beside.is_file():
        return beside
    found = [p for p in sorted(path.parent.glob("*.json")) if is_results(p)]
    return found[0] if len(found) == 1 else None


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".jsonl")


@dataclass(frozen=True, slots=True)
class _Run:
    """What the results file says of the run; empty where there is none."""

    task: str
    model: str
    run_id: str | None
    metrics: tuple[str, ...]
    filters: tuple[str, ...]
    directions: Mapping[str, bool]
    delimiter: str

    @classmethod
    def of(cls, path: Path) -> "_Run":
        found = results_file(path)
        results = some_members(found, _RESULT_KEYS) if found else {}
        task = _task(path, results)
        config = results.get("configs", {}).get(task, {})
        named = _SAMPLES.match(_stem(path))
        return cls(
            task=task,
            model=_model(path, results),
            run_id=named["date"] if named else None,
            metrics=tuple(str(m["metric"]) for m in config.get("metric_list") or ()),
            filters=_filters(results.get("results", {}).get(task, {}), config),
            directions=results.get("higher_is_better", {}).get(task, {}),
            delimiter=config.get("target_delimiter", " "),
        )


def _task(path: Path, results: Mapping[str, Any]) -> str:
    """From the file's name; a task the results name counts more than where the name is cut."""
    stem = _stem(path)
    known = [t for t in results.get("configs", {}) if re.search(rf"(^|_){re.escape(t)}(_|$)", stem)]
    if known:
        return max(known, key=len)
    named = _SAMPLES.match(stem)
    return named["task"] if named else stem.removeprefix("samples_")


def _model(path: Path, results: Mapping[str, Any]) -> str:
    """The run's model; where it was given no arguments the harness makes up a name."""
    config = results.get("config", {})
    if results and not config.get("model_args"):
        source = results.get("model_source") or config.get("model")
        return str(source or results.get("model_name") or path.parent.name)
    return str(results.get("model_name") or _named_in(config.get("model_args")) or path.parent.name)


def _named_in(arguments: object) -> str | None:
    """The model in ``pretrained=org/name,dtype=auto`` or in the same as an object."""
    if isinstance(arguments, Mapping):
        return arguments.get("pretrained") or arguments.get("model")
    named = re.search(r"(?:^|,)(?:pretrained|model|peft)=([^,]+)", str(arguments))
    return named[1] if named else None


def _filters(scores: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[str, ...]:
    """The filters of a task, the harness's first one first."""
    declared = [str(entry["name"]) for entry in config.get("filter_list") or ()]
    scored = [key.split(",", 1)[1] for key in scores if "," in key]
    return tuple(dict.fromkeys([*declared, *scored]))


def _records(path: Path, run: _Run, reading: Reading) -> Iterator[Record]:
    choice: Choice | None = None
    for line in lines(path):
        if isinstance(line, Rejected):
            yield line
            continue
        if choice is None:
            choice = _choose(path, run, line.value, reading)
            yield choice
        yield _record(line, run, choice)


def _choose(path: Path, run: _Run, sample: Mapping[str, Any], reading: Reading) -> Choice:
    metrics = of_instances_first(_metrics(run, sample))
    if not metrics:
        raise IngestError(f"{path}: its samples hold no metric. Run the harness with metrics.")
    scalar = next((m for m in metrics if not isinstance(score_of(m, sample.get(m)), NoScore)), None)
    first = str(sample.get("filter", _NO_FILTER))
    filters = run.filters or (first,)
    return reading.choose(run.task, metrics, metric=scalar, filters=filters)


def _metrics(run: _Run, sample: Mapping[str, Any]) -> list[str]:
    """Those of the line; old layouts do not list them, but hold their values."""
    listed = sample.get("metrics")
    there = listed if isinstance(listed, list) else [k for k in sample if k not in _RESERVED]
    return list(dict.fromkeys([*(m for m in run.metrics if m in there), *map(str, there)]))


def _record(line: Line, run: _Run, choice: Choice) -> Record:
    sample = line.value
    if str(sample.get("filter", _NO_FILTER)) != choice.filter and "filter" in sample:
        return PassedOver(line.number)
    score = score_of(choice.metric, sample.get(choice.metric))
    if isinstance(score, NoScore):
        return Rejected(line.number, *score, line.text)
    answer = answer_of(sample, choice.metric, run.delimiter)
    return Kept(line.number, _values(sample, run, choice, answer) | {"score": score}, line.text)


def _values(sample: Mapping[str, Any], run: _Run, choice: Choice, answer: Answer) -> dict[str, Any]:
    doc_hash = sample.get("doc_hash")
    return {
        # The number of a document is its place in the run, which differs in runs of a subset.
        "example_id": str(doc_hash)[:16] if doc_hash else sample.get("doc_id"),
        "model": run.model,
        "dataset": run.task,
        "input_text": answer.prompt,
        "output_text": answer.output,
        "correct_answer": answer.reference,
        "metric": choice.metric,
        "higher_is_better": run.directions.get(choice.metric),
        "bare_input": _question(sample.get("doc")),
        "run_id": run.run_id,
    }


_QUESTION_KEYS: Sequence[str] = ("question", "problem", "input", "prompt", "query", "text")


def _question(doc: object) -> str | None:
    """The question of a document, by the usual names of such a field."""
    if not isinstance(doc, Mapping):
        return None
    return next((doc[k] for k in _QUESTION_KEYS if isinstance(doc.get(k), str)), None)
