"""The texts of an Inspect sample: input, answer or transcript, and target."""

from collections.abc import Mapping, Sequence
from typing import Any

from errormap_dagster.ingest.messages import (
    after_prompt,
    content_text,
    is_agentic,
    joined_references,
    letter_of,
    prompt_text,
    with_options,
)

_ATTACHMENT = "attachment://"


def sample_values(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Our columns, as far as one sample knows them."""
    attachments = sample.get("attachments") or {}
    choices = [str(choice) for choice in sample.get("choices") or ()]
    question = prompt_text(_resolved(sample.get("input"), attachments))
    target = _resolved(sample.get("target"), attachments)
    targets: list[Any] = target if isinstance(target, list) else [target]
    return {
        "example_id": sample.get("id"),
        "trial": sample.get("epoch"),
        "input_text": with_options(question, choices),
        "output_text": _output(sample, attachments),
        "correct_answer": joined_references([_lettered(t, choices) for t in targets]),
        "bare_input": question,
        "bare_reference": joined_references([_bare(t, choices) for t in targets]),
    }


def _resolved(value: Any, attachments: Mapping[str, str]) -> Any:
    """The value with long texts in the place of the references to them."""
    if isinstance(value, str):
        if value.startswith(_ATTACHMENT):
            return attachments.get(value.removeprefix(_ATTACHMENT), value)
        return value
    if isinstance(value, list):
        return [_resolved(entry, attachments) for entry in value]
    if isinstance(value, Mapping):
        return {key: _resolved(entry, attachments) for key, entry in value.items()}
    return value


def _output(sample: Mapping[str, Any], attachments: Mapping[str, str]) -> str | None:
    """The transcript of an agent, else the answer; old logs hold it in ``choices`` only."""
    messages = sample.get("messages") or []
    if is_agentic(messages):
        return after_prompt(_resolved(messages, attachments))
    output = sample.get("output") or {}
    answers = output.get("choices") or []
    if answers:
        message = answers[0].get("message") or {}
        return content_text(_resolved(message.get("content"), attachments))
    completion = output.get("completion")
    return _resolved(completion, attachments) if completion else None


def _option(target: Any, choices: Sequence[str]) -> int | None:
    letters = [letter_of(n) for n in range(len(choices))]
    return letters.index(target) if target in letters else None


def _lettered(target: Any, choices: Sequence[str]) -> Any:
    """A target that is a letter, with the text of its option."""
    index = _option(target, choices)
    return target if index is None else f"{target}. {choices[index]}"


def _bare(target: Any, choices: Sequence[str]) -> Any:
    index = _option(target, choices)
    return target if index is None else choices[index]
