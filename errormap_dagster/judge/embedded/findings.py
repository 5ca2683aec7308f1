"""What a detector reports, and how it quotes the output it has read.

A detector looks at one failed prediction for one kind of error. Shared by all detectors of the
embedded analyst; the detectors themselves live in ``detectors/``.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from errormap_dagster.domain.records import Criterion, FailureCase, Outcome, Quality

QUOTE_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a detector found in a failed output.

    ``error_title`` names the skill that failed and is None only with ``NO_ERROR_FOUND``.
    ``position`` is the character offset in the output where the error shows, 0 for the whole
    output: the smallest decides which finding comes first. ``certainty`` lies in 0 to 1.
    """

    outcome: Outcome
    error_title: str | None
    error_summary: str
    criteria: tuple[Criterion, ...]
    position: int
    certainty: float


class Detector(Protocol):
    """A function that looks for one kind of error."""

    def __call__(self, case: FailureCase) -> Finding | None:
        """Return what was found, None where the detector does not apply or finds nothing."""
        ...


def quote(text: str, start: int, end: int, limit: int = QUOTE_LIMIT) -> str:
    """Return the verbatim slice ``text[start:end]``, at most ``limit`` characters of it."""
    first = max(0, start)
    return text[first : min(len(text), end, first + limit)].strip()


def quote_line(text: str, position: int, limit: int = QUOTE_LIMIT) -> str:
    """Return the line of ``text`` around ``position``, verbatim, at most ``limit`` characters.

    A longer line is cut so that ``position`` stays inside the quote.
    """
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    end = len(text) if end == -1 else end
    if end - start > limit:
        start = max(start, min(position - limit // 2, end - limit))
    return quote(text, start, end, limit)


def met(criterion: str, evidence: str | None, comment: str) -> Criterion:
    """Return a criterion that the output has and meets."""
    return Criterion(criterion, True, Quality.CORRECT, evidence or None, comment)  # noqa: FBT003 - a record field


def partly_met(criterion: str, evidence: str | None, comment: str) -> Criterion:
    """Return a criterion that the output has and meets in part."""
    return Criterion(criterion, True, Quality.PARTIALLY_CORRECT, evidence or None, comment)  # noqa: FBT003 - a record field


def unmet(criterion: str, evidence: str | None, comment: str) -> Criterion:
    """Return a criterion that the output has and gets wrong."""
    return Criterion(criterion, True, Quality.INCORRECT, evidence or None, comment)  # noqa: FBT003 - a record field


def missing(criterion: str, comment: str) -> Criterion:
    """Return a criterion that the output lacks."""
    return Criterion(criterion, False, None, None, comment)  # noqa: FBT003 - a record field
