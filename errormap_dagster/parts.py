"""Fingerprints as texts of named parts, so that two of them can be told apart in words.

A fingerprint is what a table was made from: equal text, nothing to do. The names of the parts that
differ are the reasons why there is something to do.
"""

import json
from collections.abc import Mapping
from typing import Any

from errormap_dagster.domain.identity import content_id

_PART_LENGTH = 32

REASONS = {
    "landed_rows": "new data",
    "raw_predictions": "changed predictions",
    "rule": "changed metric, direction or threshold",
    "sampling": "changed sampling",
    "failures": "changed failures",
    "picks": "changed settings of correct predictions",
    "judge": "changed judge or its parameters",
    "prompt": "changed prompt",
    "judged_errors": "changed judgements",
    "taxonomies": "another taxonomy version",
    "reported": "another taxonomy is reported",
    "statistics": "changed groups, bounds or pairs",
    "verdicts": "new verdicts on gold",
    "reviews": "new reviews of errors",
    "evaluations": "changed evaluations",
    "tables": "changed tables",
    "code": "new code version",
}
"""What it means that a part differs, in the order in which a reader asks for the cause."""
NEVER_MADE = "never made"


def fingerprint(**parts: str) -> str:
    """A fingerprint of these parts; the names are keys of ``REASONS``."""
    return json.dumps(parts, sort_keys=True, separators=(",", ":"))


def part(*contents: str | float | bool | None) -> str:
    """One part: a short hash over whatever stands for it."""
    return content_id(*contents, length=_PART_LENGTH)


def parts_of(text: str | None) -> dict[str, str]:
    """The parts of a fingerprint; none of one that is missing or was written by other code."""
    try:
        found: Any = json.loads(text or "")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, Mapping) else {}


def changed_parts(stored: str | None, now: str) -> list[str]:
    """The names of the parts that differ, in the order of ``REASONS``."""
    before, after = parts_of(stored), parts_of(now)
    return [name for name in REASONS if before.get(name) != after.get(name)]
