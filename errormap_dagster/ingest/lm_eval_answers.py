"""What was asked, answered and expected in a sample of lm-evaluation-harness.

Multiple choice by log-likelihood has no generated text: the answer is the choice that the metric
takes, and each metric takes another.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from errormap_dagster.ingest.messages import prompt_text, with_options

_PAIR = 2
"""A response of log-likelihood: the log-likelihood and whether it is the greedy answer."""


class Answer(NamedTuple):
    """The texts of a prediction."""

    prompt: str | None
    output: str | None
    reference: str | None


def answer_of(sample: Mapping[str, Any], metric: str, delimiter: str) -> Answer:
    """The texts of a sample.

    Args:
        sample: a line of the samples file.
        metric: that was chosen; the answer taken in multiple choice depends on it.
        delimiter: between context and choice, which is no part of the choice.
    """
    requests = _requests(sample.get("arguments"))
    pairs = _log_likelihoods(sample)
    target = sample.get("target")
    if pairs is None:
        prompt = prompt_text(_unpacked(requests[0][0])) if requests else None
        return Answer(prompt, _first_text(sample), _as_text(target))
    if len(pairs) == 1:
        return Answer(prompt_text(_unpacked(requests[0][0])), None, _as_text(target))
    return _multiple_choice(requests, pairs, target, metric, delimiter)


def _requests(arguments: object) -> list[tuple[Any, Any]]:
    """The arguments of each request, from either layout."""
    if isinstance(arguments, Mapping):
        given = [list(entry.values()) for entry in arguments.values()]
    else:
        given = [list(a) for a in arguments] if isinstance(arguments, list) else []
    return [(a[0] if a else None, a[1] if len(a) > 1 else None) for a in given]


def _unpacked(prompt: object) -> object:
    """Chat prompts are a list with one text, which is the JSON of the messages."""
    packed = prompt[0] if isinstance(prompt, list) and len(prompt) == 1 else prompt
    if isinstance(packed, str) and packed.lstrip().startswith("[{"):
        try:
            return json.loads(packed)
        except (ValueError, RecursionError):
            return packed
    return packed


def _log_likelihoods(sample: Mapping[str, Any]) -> list[float] | None:
    """The log-likelihood of each request, which the file holds as text; None for generations."""
    responses = sample.get("filtered_resps")
    if not isinstance(responses, list) or not responses:
        return None
    values: list[float] = []
    for response in responses:
        pair = response[0] if _is_nested(response) else response
        if not (isinstance(pair, list) and len(pair) == _PAIR and str(pair[1]) in _TRUTH):
            return None
        try:
            values.append(float(pair[0]))
        except (TypeError, ValueError):
            return None
    return values


_TRUTH = {"True", "False", "true", "false"}


def _is_nested(response: object) -> bool:
    return isinstance(response, list) and len(response) == 1 and isinstance(response[0], list)


def _first_text(sample: Mapping[str, Any]) -> str | None:
    """The raw generation; the filtered one only where there is no other."""
    for key in ("resps", "filtered_resps"):
        value: Any = sample.get(key)
        while isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str):
            return value
    return None


def _multiple_choice(
    requests: Sequence[tuple[Any, Any]],
    pairs: Sequence[float],
    target: object,
    metric: str,
    delimiter: str,
) -> Answer:
    n = _n_choices(requests)
    contexts = [str(context) for context, _ in requests[:n]]
    endings = [str(ending).removeprefix(delimiter) for _, ending in requests[:n]]
    # In tasks such as Winogrande the choices are the contexts and the ending is the same.
    choices = contexts if len(set(endings)) == 1 < len(set(contexts)) else endings
    taken = _taken(metric, choices, pairs, n)
    is_lettered = all(len(choice.strip()) <= 1 for choice in choices)
    prompt = endings[0] if choices is contexts else contexts[0]
    return Answer(
        prompt if is_lettered else with_options(prompt, choices),
        choices[taken],
        _reference(target, choices),
    )


def _n_choices(requests: Sequence[tuple[Any, Any]]) -> int:
    """``acc_mutual_info`` asks for each choice again, without its context."""
    half = len(requests) // 2
    first, second = requests[:half], requests[half:]
    is_doubled = (
        half > 1
        and [ending for _, ending in first] == [ending for _, ending in second]
        and {context for context, _ in first}.isdisjoint(context for context, _ in second)
    )
    return half if is_doubled else len(requests)


def _taken(metric: str, choices: Sequence[str], pairs: Sequence[float], n: int) -> int:
    scores = list(pairs[:n])
    if metric == "acc_norm":
        scores = [s / max(len(c), 1) for s, c in zip(scores, choices, strict=False)]
    elif metric == "acc_bytes":
        scores = [s / max(len(c.encode()), 1) for s, c in zip(scores, choices, strict=False)]
    elif metric == "acc_mutual_info" and len(pairs) == 2 * n:
        scores = [s - alone for s, alone in zip(scores, pairs[n:], strict=True)]
    return scores.index(max(scores))


def _reference(target: object, choices: Sequence[str]) -> str | None:
    """The target is often the index of a choice, as text."""
    text = _as_text(target)
    index = int(text) if text is not None and text.isascii() and text.isdigit() else len(choices)
    return choices[index] if index < len(choices) else text


def _as_text(target: object) -> str | None:
    if target is None or isinstance(target, str):
        return target
    return json.dumps(target, ensure_ascii=False)
