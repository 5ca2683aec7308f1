"""OpenAI evals: one JSON Lines file of events, joined by ``sample_id``.

Events come from several threads in any order. A first pass notes where the events of each sample
stand; the texts are read in a second one, sample by sample.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from errormap_dagster.ingest.choices import DEFAULTS, Choice, Reading
from errormap_dagster.ingest.compression import open_bytes
from errormap_dagster.ingest.interface import Batch, SourceFormat
from errormap_dagster.ingest.json_lines import Line, first_object, line_at, lines
from errormap_dagster.ingest.messages import content_text, joined_references, prompt_text
from errormap_dagster.ingest.rows import Kept, Record, Rejected, batched
from errormap_dagster.ingest.scores import NoScore, score_of

_ACCURACY = "accuracy"
_FAVOURITES = (_ACCURACY, "score", "metascore")
_VERDICTS = {"match", "metrics"}
Event = Mapping[str, Any]


class OpenAiEvals(SourceFormat):
    """The logs of OpenAI evals."""

    name = "openai_evals"

    def sniff(self, path: Path) -> bool:
        """Whether the first line is the specification of a run."""
        spec = first_object(path).get("spec")
        return isinstance(spec, Mapping) and "completion_fns" in spec

    def read(self, path: Path, reading: Reading = DEFAULTS) -> Iterator[Batch]:
        """Read in two passes, the second sample by sample."""
        yield from batched(_records(path, reading))


@dataclass(slots=True)
class _Sample:
    """Where the events of a sample stand: line numbers and offsets, in the order of the file."""

    number: int
    sampling: list[int] = field(default_factory=list[int])
    verdicts: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    errors: list[int] = field(default_factory=list[int])


def _records(path: Path, reading: Reading) -> Iterator[Record]:
    spec: Event = first_object(path)["spec"]
    dataset = str(spec.get("base_eval") or spec.get("eval_name") or path.stem)
    same = {
        "dataset": dataset,
        "model": str((spec.get("completion_fns") or [""])[0]),
        "run_id": spec.get("run_id"),
    }
    samples: dict[str, _Sample] = {}
    metrics: dict[str, None] = {}
    for line in lines(path):
        if isinstance(line, Rejected):
            yield line
        elif "sample_id" in line.value:
            _note(line, samples, metrics)
    ranked = [m for m in _FAVOURITES if m in metrics]
    choice = reading.choose(dataset, list(dict.fromkeys([*ranked, *metrics])))
    yield choice
    with open_bytes(path) as file:
        for sample in samples.values():
            yield from _of_sample(file, sample, choice, same)


def _note(line: Line, samples: dict[str, _Sample], metrics: dict[str, None]) -> None:
    event = line.value
    sample = samples.setdefault(str(event["sample_id"]), _Sample(line.number))
    kind = event.get("type")
    if kind == "sampling":
        sample.sampling.append(line.offset)
    elif kind == "error":
        sample.errors.append(line.offset)
    elif kind in _VERDICTS:
        sample.verdicts.append((line.number, line.offset))
        metrics.update(dict.fromkeys(_scores(event)))


def _scores(event: Event) -> dict[str, Any]:
    """The scores in a verdict: of a match its truth, else whatever is a number."""
    data = event.get("data") or {}
    if event.get("type") == "match":
        return {_ACCURACY: data.get("correct")}
    return {k: v for k, v in data.items() if k == "score" or isinstance(v, bool | int | float)}


def _of_sample(
    file: BinaryIO, sample: _Sample, choice: Choice, same: Mapping[str, Any]
) -> Iterator[Record]:
    sampled = [line_at(file, offset) for offset in sample.sampling]
    if not sample.verdicts:
        yield _without_verdict(file, sample, sampled)
        return
    for number, offset in sample.verdicts:
        verdict = line_at(file, offset)
        score = score_of(choice.metric, _scores(verdict).get(choice.metric))
        if isinstance(score, NoScore):
            yield Rejected(number, *score, verdict)
            continue
        texts = _texts(verdict.get("data") or {}, sampled)
        if texts["input_text"] is None or texts["output_text"] is None:
            yield Rejected(number, "missing_output", _HIDDEN, verdict)
            continue
        told = {"example_id": verdict["sample_id"], "metric": choice.metric, "score": score}
        yield Kept(number, {**texts, **told, **same})


_HIDDEN = (
    "the log hides what was asked or answered (hidden_data_fields); run the eval without hiding it"
)


def _without_verdict(file: BinaryIO, sample: _Sample, sampled: Sequence[Event]) -> Rejected:
    if sample.errors:
        event = line_at(file, sample.errors[-1])
        told = content_text((event.get("data") or {}).get("message")) or "no message"
        detail = f"the sample ended with an error of the harness: {told:.500}; run it again"
        return Rejected(sample.number, "infrastructure_error", detail, event)
    detail = "the sample was answered but not scored; run the eval to its end"
    return Rejected(sample.number, "unscored", detail, sampled[0] if sampled else {})


def _texts(verdict: Event, sampled: Sequence[Event]) -> dict[str, Any]:
    """The texts of the model's own call: others of the sample are those of its grader.

    The call whose answer the verdict repeats is the model's; without that, the first is.
    """
    answers = [_answer((event.get("data") or {}).get("sampled")) for event in sampled]
    said = _answer(verdict.get("sampled"))
    index = answers.index(said) if said in answers else 0
    call: Event = (sampled[index].get("data") or {}) if sampled else {}
    prompt = call.get("prompt", verdict.get("prompt"))
    expected = verdict.get("expected")
    references: list[Any] = expected if isinstance(expected, list) else [expected]
    return {
        "input_text": prompt_text(prompt),
        "output_text": said if said is not None else next(iter(answers[index:]), None),
        "correct_answer": joined_references(references),
        "bare_input": _last_question(prompt),
    }


def _answer(sampled: object) -> str | None:
    first = sampled[0] if isinstance(sampled, list) and sampled else sampled
    return content_text(first) if first != [] else None


def _last_question(prompt: object) -> str | None:
    """The last message: those before it are instructions and examples."""
    if isinstance(prompt, list) and prompt and isinstance(prompt[-1], Mapping):
        return content_text(prompt[-1].get("content"))
    return prompt_text(prompt)
