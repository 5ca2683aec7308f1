"""One row of a lighteval details file, of either generation, as our columns."""

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any

from errormap_dagster.domain.identity import content_id
from errormap_dagster.ingest.messages import (
    joined_references,
    prompt_text,
    with_options,
    with_reasoning,
)

Row = Mapping[str, Any]


def metrics_of(row: Row) -> dict[str, Any]:
    """The metrics of a row; a struct of the file names those of other rows too, as null."""
    found = _plain(row.get("metric") if "doc" in row else row.get("metrics"))
    return {str(name): value for name, value in found.items()} if isinstance(found, Mapping) else {}


def nested_values(row: Row, metric: str) -> dict[str, Any]:
    """Our columns of a row of 0.11 and later."""
    doc, response = row["doc"] or {}, row["model_response"] or {}
    query = doc.get("query")
    choices = [str(choice) for choice in doc.get("choices") or ()]
    output, is_choice = _answer(response, choices, metric)
    prompt = prompt_text(response.get("input")) or query
    reference = _gold(doc.get("gold_index"), choices)
    return {
        "example_id": doc.get("id") or _hashed(query),
        "input_text": with_options(prompt, choices) if is_choice else prompt,
        "output_text": output,
        "correct_answer": reference,
        "bare_input": doc.get("original_query") or query,
    }


def _answer(response: Row, choices: Sequence[str], metric: str) -> tuple[str | None, bool]:
    """The text, or in multiple choice the choice of the greatest log-likelihood."""
    texts = response.get("text_post_processed") or response.get("text") or []
    if texts:
        thoughts = response.get("reasonings") or [None]
        return with_reasoning(thoughts[0], texts[0]), False
    return _likeliest(response.get("logprobs") or [], choices, metric), True


def _likeliest(values: Sequence[Any], choices: Sequence[str], metric: str) -> str | None:
    if not choices or len(values) != len(choices):
        return None
    numbers = [float(v[0] if isinstance(v, list | tuple) else v) for v in values]
    if "norm" in metric:
        numbers = [n / max(len(c), 1) for n, c in zip(numbers, choices, strict=True)]
    return choices[numbers.index(max(numbers))]


def flat_values(row: Row, metric: str) -> dict[str, Any]:
    """Our columns of a row before 0.11."""
    choices = [str(choice) for choice in _listed(row.get("choices"))]
    predictions = [p for p in _listed(row.get("predictions")) if isinstance(p, str)]
    prompt = prompt_text(row.get("full_prompt")) or row.get("example")
    likeliest = _likeliest(_listed(row.get("pred_logits")), choices, metric)
    gold = _listed(row.get("gold"))
    reference = _gold(_plain(row.get("gold_index")), choices) or joined_references(gold)
    return {
        "example_id": _hashed(row.get("example") or prompt),
        "input_text": prompt if predictions else with_options(prompt, choices),
        "output_text": predictions[0] if predictions else likeliest,
        "correct_answer": reference,
        "bare_input": row.get("example"),
    }


def _gold(index: Any, choices: Sequence[str]) -> str | None:
    """The correct choices; the index is a number, a list of numbers, or a list in a list."""
    indexes = [i[0] if isinstance(i, list) and i else i for i in _listed(index)]
    numbers = [int(str(i)) for i in indexes if str(i).isdecimal()]
    known = [choices[i] for i in numbers if 0 <= i < len(choices)]
    return joined_references(known)


def _hashed(text: object) -> str:
    """Old files number nothing: the same question has the same id in every run."""
    return content_id(str(text), length=16)


def _listed(value: object) -> list[Any]:
    plain = _plain(value)
    if plain is None:
        return []
    return list(plain) if isinstance(plain, list | tuple) else [plain]


def _plain(value: object) -> Any:
    """Old files hold lists and objects as the text that Python prints of them."""
    if not isinstance(value, str) or not value.lstrip().startswith(("[", "{", "(")):
        return value
    for read in (json.loads, ast.literal_eval):
        try:
            return read(value)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return value
