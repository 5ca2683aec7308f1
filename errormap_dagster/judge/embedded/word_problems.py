"""What the detectors of word problems ask of a case before they look for an error."""

import re
from typing import Final

from errormap_dagster.domain.records import FailureCase
from errormap_dagster.judge.embedded.calculations import is_same
from errormap_dagster.judge.embedded.solutions import Solution, read_solution
from errormap_dagster.judge.embedded.tasks import question_of, reference_value

_MAX_READ: Final = 8_000
_MATHEMATICS: Final = re.compile(
    r"\\[a-zA-Z\[(]|[\^=_]|\$[^$\d]|(?-i:\b[yn]\b)|\[asy\]"
    r"|\b(?:prime|integer|digit|ways|orders|arrange|probability|distinguishable|handshake|angle"
    r"|triangle|hexagon|pentagon|polygon|circle|circular|radius|diameter|sphere|chess)",
    re.IGNORECASE,
)
_LONGEST_STEP: Final = 350
"""Characters of output per calculation, on average, where calculations make up the argument."""


def failed_solution(case: FailureCase) -> Solution | None:
    """Return the solution of a word problem with a wrong answer, None for any other case.

    A word problem asks for a number that a few calculations give. In algebra, counting and
    geometry the ways to an answer are too many for one step to be called a departure from them,
    and where calculations are rare between words the argument is in the words.
    """
    reference = reference_value(case)
    if reference is None or not case.output_text:
        return None
    if _MATHEMATICS.search(question_of(case)[:_MAX_READ]):
        return None
    solution = read_solution(case.output_text)
    if solution.answer is None or is_same(solution.answer, reference):
        return None
    is_arithmetic = len(case.output_text) <= _LONGEST_STEP * len(solution.steps)
    return solution if is_arithmetic else None


def readable_solutions(case: FailureCase) -> dict[str, Solution]:
    """Return those correct outputs, with their texts, whose last calculation gives the answer."""
    read = {text: read_solution(text) for text in case.correct_outputs}
    return {text: solution for text, solution in read.items() if solution.last >= 0}
