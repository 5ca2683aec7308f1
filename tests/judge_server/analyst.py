"""A script that answers every operation of a judge, as a function of the request alone.

The answers are valid and arbitrary: a hash of the texts decides.
"""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from responses import Request, Response, completion, error

TITLES = (
    "Unit conversion omitted",
    "Misread comparison",
    "Arithmetic slip in a step",
    "Constraint of the task ignored",
    "Boundary case left out",
    "Fact recalled wrongly",
    "Quantity counted twice",
    "Order of steps reversed",
    "Output format not followed",
    "Premise accepted without proof",
    "Search stopped too early",
    "Variable confused with another",
)
CATEGORY_NAMES = (
    "Wrong calculation",
    "Misunderstood task",
    "Missing knowledge",
    "Faulty logic",
    "Format violation",
    "Incomplete answer",
)
PART_NAMES = (
    "Slip in one step",
    "Misread detail",
    "Wrong method",
    "Unchecked assumption",
    "Omitted condition",
    "Premature end",
)
"""Names for a list that divides a category further."""

_FAILED_OUTPUT = re.compile(
    r"^<<<BEGIN failed output (\S+)\n(.*?)\n<<<END failed output \1$", re.DOTALL | re.MULTILINE
)
_CATEGORY_ID = re.compile(r"^(C\d+): ", re.MULTILINE)
_ERROR = re.compile(r"^\[(\d+)\] ([^:\n]*)", re.MULTILINE)
_MOST_CATEGORIES = re.compile(r"at most (\d+) categories")
_QUOTED_WORDS = 5


def analyst(request: Request) -> Response:
    """A valid reply to the operation that the request asks for."""
    wanted = _wanted_fields(request)
    for name, answer in _ANSWERS.items():
        if name in wanted:
            return completion(json.dumps(answer(request)))
    return error(400, "the request names no operation: no schema, and no field in the prompt")


def number_of(text: str, below: int) -> int:
    """A number from 0 to below ``below`` that follows from the text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % below


def _wanted_fields(request: Request) -> set[str] | str:
    """The fields of the reply's schema; the prompt itself where there is no schema."""
    tools = request.body.get("tools")
    schema = (
        tools[0]["function"]["parameters"]
        if tools
        else (request.body.get("response_format") or {}).get("json_schema", {}).get("schema", {})
    )
    return set(schema.get("properties", {})) or request.system


def _analysis(request: Request) -> dict[str, Any]:
    # Hashed once: the texts are long, and a load test asks for thousands of them each second.
    case = hashlib.sha256(request.user.encode()).hexdigest()
    outcome = ("no_error_found", "wholly_incorrect", *["error_found"] * 14)[number_of(case, 16)]
    title = TITLES[number_of(f"title {case}", len(TITLES))]
    n_criteria = 2 + number_of(f"criteria {case}", 3)
    found = _FAILED_OUTPUT.search(request.user)
    failed_output = found.group(2) if found else ""
    qualities = _qualities(case, outcome, n_criteria)
    return {
        "criteria": [
            _criterion(n, quality, _quote(failed_output, f"quote {n} {case}"))
            for n, quality in enumerate(qualities, start=1)
        ],
        "outcome": outcome,
        "error_summary": f"{title}: the output goes wrong where it needs this."
        if outcome != "no_error_found"
        else "The output answers the task correctly.",
        "error_title": None if outcome == "no_error_found" else title,
    }


def _qualities(case: str, outcome: str, n_criteria: int) -> list[str | None]:
    """How well each criterion is met: the last one is where an error shows."""
    if outcome == "wholly_incorrect":
        return ["incorrect"] * n_criteria
    last = "correct"
    if outcome == "error_found":
        last = ("incorrect", "partially_correct", None)[number_of(f"quality {case}", 3)]
    return [*["correct"] * (n_criteria - 1), last]


def _criterion(n: int, quality: str | None, quote: str | None) -> dict[str, Any]:
    return {
        "criterion": f"Step {n} of the solution is done.",
        "present_in_wrong": quality is not None,
        "quality": quality,
        "evidence": quote if quality else None,
        "comment": f"This step is {(quality or 'missing').replace('_', ' ')}.",
    }


def _quote(failed_output: str, key: str) -> str | None:
    """A few words of the failed output, letter by letter; the key says which."""
    words = list(re.finditer(r"\S+", failed_output))
    if not words:
        return None
    first = number_of(key, len(words))
    last = min(first + _QUOTED_WORDS, len(words)) - 1
    return failed_output[words[first].start() : words[last].end()]


def _category_list(request: Request) -> dict[str, Any]:
    case = request.user
    names = PART_NAMES if "divides it further" in case else CATEGORY_NAMES
    most = _MOST_CATEGORIES.search(case)
    n_names = min(4 + number_of(case, 3), int(most.group(1)) if most else len(names))
    ids = _category_ids(case)
    return {
        "explanation": "Grouped by what fails.",
        "categories": [
            {
                "name": name,
                "description": f"Errors of the kind: {name.lower()}.",
                "builds_on": ids[at : at + 1],
            }
            for at, name in enumerate(names[:n_names])
        ],
    }


def _classification(request: Request) -> dict[str, Any]:
    """A category for each error by its title alone: the same in whatever company it comes."""
    ids = _category_ids(request.system) or _category_ids(request.user)
    return {
        "classifications": [
            _classified(int(found.group(1)), found.group(2).strip(), ids)
            for found in _ERROR.finditer(request.user)
        ]
    }


def _classified(number: int, title: str, ids: list[str]) -> dict[str, Any]:
    at = number_of(title, len(ids))
    return {
        "error_number": number,
        "reason": "The title says so.",
        "category_id": ids[at],
        "runner_up_category_id": ids[(at + 1) % len(ids)] if len(ids) > 1 else None,
        "confidence": (50 + number_of(f"confidence {title}", 50)) / 100,
    }


def _category_ids(text: str) -> list[str]:
    return list(dict.fromkeys(_CATEGORY_ID.findall(text)))


# The prompt of the classification speaks of categories too: its own field is looked for first.
_ANSWERS: dict[str, Callable[[Request], dict[str, Any]]] = {
    "classifications": _classification,
    "criteria": _analysis,
    "categories": _category_list,
}
