"""The texts of a HELM request state: prompt, completion and the correct references."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from errormap_dagster.ingest.messages import (
    joined_references,
    prompt_text,
    with_options,
    with_reasoning,
)

State = Mapping[str, Any]


class Key(NamedTuple):
    """What joins a request state and its statistics; ids are only unique together."""

    instance: str
    perturbation: str | None
    trial: int


def key_of(entry: State) -> Key:
    """The key of a request state or of an entry of the statistics."""
    instance = entry.get("instance")
    holder: State = instance if isinstance(instance, Mapping) else entry
    name = holder.get("id", holder.get("instance_id"))
    perturbation = (holder.get("perturbation") or {}).get("name")
    return Key(str(name), perturbation, int(entry.get("train_trial_index") or 0))


def state_values(state: State) -> dict[str, Any]:
    """Our columns, as far as one state knows them.

    With a request for each reference (``multiple_choice_separate``) the answer is the reference,
    and the question stands without the one that was asked about.
    """
    instance = state["instance"]
    question = _question(instance)
    references = instance.get("references") or []
    correct = [_text(r) for r in references if "correct" in (r.get("tags") or ())]
    letters = {text: letter for letter, text in (state.get("output_mapping") or {}).items()}
    index = state.get("reference_index")
    split = references[index] if isinstance(index, int) and index < len(references) else None
    return {
        "example_id": instance.get("id"),
        "input_text": with_options(question, [_text(r) for r in references])
        if split
        else _prompt(state) or with_options(question, list(letters)),
        "output_text": _text(split) if split else _completion(state),
        "correct_answer": joined_references([_lettered(text, letters) for text in correct]),
        "bare_input": question,
        "bare_reference": joined_references(correct),
    }


def _lettered(text: str, letters: Mapping[str, str]) -> str:
    return f"{letters[text]}. {text}" if text in letters else text


def _text(reference: State) -> str:
    return str((reference.get("output") or {}).get("text", ""))


def _question(instance: State) -> str | None:
    given = instance.get("input") or {}
    return given.get("text") or prompt_text(given.get("messages"))


def _prompt(state: State) -> str | None:
    request = state.get("request") or {}
    return request.get("prompt") or prompt_text(request.get("messages"))


def _completion(state: State) -> str | None:
    completions = (state.get("result") or {}).get("completions") or []
    if not completions:
        return None
    first = completions[0]
    return with_reasoning((first.get("thinking") or {}).get("text"), first.get("text"))
