"""The records that pass between the stages: what a judge reads and what it answers.

Plain frozen dataclasses, no behaviour beyond their own invariants. Frames of many records
are described by the contracts in ``data_contracts/``, not here.
"""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What came of reading one failed prediction."""

    ERROR_FOUND = "error_found"
    NO_ERROR_FOUND = "no_error_found"
    WHOLLY_INCORRECT = "wholly_incorrect"
    JUDGE_FAILED = "judge_failed"


class Quality(StrEnum):
    """How well a criterion is met where the output has it at all."""

    CORRECT = "correct"
    PARTIALLY_CORRECT = "partially_correct"
    INCORRECT = "incorrect"


@dataclass(frozen=True, slots=True)
class FailureCase:
    """Everything that a judge may read about one failed prediction.

    ``output_text`` is None when the model gave nothing at all, which is not the same as "".
    ``correct_outputs`` are the informative correct predictions: outputs of other models that
    were scored correct on the same example, best first, possibly none.
    """

    prediction_id: str
    dataset: str
    model: str
    example_id: str
    input_text: str
    output_text: str | None
    correct_answer: str | None
    score: float
    threshold: float
    correct_outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that a correct output needs, and how the failed output stands to it.

    ``quality`` is None exactly when the criterion is missing from the output.
    ``evidence`` is a verbatim quote from the failed output, None when there is nothing to quote.
    """

    criterion: str
    present_in_wrong: bool
    quality: Quality | None
    evidence: str | None
    comment: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """A judge's reading of one failure: the first major error, or why there is none.

    With ``ERROR_FOUND`` an ``error_title`` of None means that the judge could not tell which
    error came first; the summary then says what was looked at. ``NO_ERROR_FOUND`` and
    ``JUDGE_FAILED`` have no title either, and a summary that gives the reason. ``call_id`` is
    None for a judge that makes no calls.
    """

    outcome: Outcome
    error_title: str | None
    error_summary: str
    criteria: tuple[Criterion, ...] = ()
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class JudgedError:
    """An error to be put into a category: the title and summary of one judged failure."""

    prediction_id: str
    error_title: str
    error_summary: str


@dataclass(frozen=True, slots=True)
class Category:
    """A node of a taxonomy version.

    ``depth`` is 1 at the top. ``priority`` decides where two categories could apply: the lower
    number wins. A category with a ``rule`` (a regular expression, searched in an error's title and
    summary) or with listed errors holds exactly what these name; no judge puts anything into it.
    """

    category_id: str
    parent_category_id: str | None
    depth: int
    name: str
    description: str
    example: str
    counter_example: str
    priority: int
    origin: str
    rule: str | None = None
    listed_prediction_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Classification:
    """A judge's choice for one error: an id from the list it was given, or None with a reason."""

    prediction_id: str
    category_id: str | None
    confidence: float
    runner_up_category_id: str | None
    reason: str
