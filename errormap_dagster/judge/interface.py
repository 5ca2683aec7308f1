"""What the rest of the project asks of a judge.

Three operations: read a failure, keep a list of categories, put errors into categories. No
Dagster and no provider here; implementations live beside this module.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from errormap_dagster.domain.growth import Growth
from errormap_dagster.domain.records import (
    Analysis,
    Category,
    Classification,
    FailureCase,
    JudgedError,
)


class Operation(StrEnum):
    """What a judge is asked to do; each has a prompt of its own."""

    ANALYSE = "analyse"
    GENERATE = "generate"
    UPDATE = "update"
    REVIEW = "review"
    CLASSIFY = "classify"


@dataclass(frozen=True, slots=True)
class JudgeIdentity:
    """Who judged: whatever could change an answer is part of it.

    ``prompt_hash`` covers the prompt's text, or the rules of a judge that has no prompt;
    ``parameters_hash`` the settings of the call, empty for a judge that makes none.
    """

    judge: str
    prompt_version: str
    prompt_hash: str
    parameters_hash: str = ""


@dataclass(frozen=True, slots=True)
class Effort:
    """What a judge has done since it was made: calls, tokens, dollars and seconds of waiting.

    ``cost_usd`` is None when a call was made whose price nobody knows.
    """

    n_calls: int = 0
    n_recorded_calls: int = 0
    """Answers that the record of calls already held."""
    n_retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    seconds: float = 0.0

    def __add__(self, more: "Effort") -> "Effort":
        known = self.cost_usd is not None and more.cost_usd is not None
        return Effort(
            n_calls=self.n_calls + more.n_calls,
            n_recorded_calls=self.n_recorded_calls + more.n_recorded_calls,
            n_retries=self.n_retries + more.n_retries,
            prompt_tokens=self.prompt_tokens + more.prompt_tokens,
            completion_tokens=self.completion_tokens + more.completion_tokens,
            cost_usd=(self.cost_usd or 0.0) + (more.cost_usd or 0.0) if known else None,
            seconds=self.seconds + more.seconds,
        )


@dataclass(frozen=True, slots=True)
class ClassificationTask:
    """Errors to be put into the categories of one taxonomy version."""

    errors: Sequence[JudgedError]
    categories: Sequence[Category]


@dataclass(frozen=True, slots=True)
class TaxonomyLimits:
    """Bounds on a taxonomy that is grown from errors (docs/methods.md names their sources)."""

    max_categories_per_level: int = 25
    max_depth: int = 3
    min_errors_to_split: int = 10
    max_name_words: int = 5
    max_description_words: int = 30
    stop_after_unchanged: int = 2
    """Batches in a row that change nothing, after which no more are read; 0: all are read."""
    max_errors_placed: int = 5_000
    """Errors of a level that are put into its categories before these are divided."""
    seed: int = 0


class Judge(Protocol):
    """A reader of failed predictions."""

    def identity(self, operation: Operation) -> JudgeIdentity:
        """Who does an operation, and how; stands in every row that comes of it."""
        ...

    def effort(self) -> Effort:
        """What was done so far."""
        ...

    def analyse(self, cases: Iterable[FailureCase]) -> Iterator[Analysis]:
        """Read failures; one analysis for each, in their order, as they are asked for.

        What goes wrong with one failure is a ``judge_failed`` analysis with the reason.

        Raises:
            JudgeStoppedError: nothing can be read any more; what was read is not lost.
        """
        ...

    def build_categories(
        self, errors: Sequence[JudgedError], limits: TaxonomyLimits, base: Sequence[Category] = ()
    ) -> Growth:
        """Grow a taxonomy from errors, alone or on the categories of a version that stands.

        Args:
            errors: with titles; at least one.
            limits: bounds on the tree.
            base: the categories to build on, parents before children. One that is kept, reworded
                or renamed keeps its id; what is new gets an id of its content.

        Raises:
            JudgeStoppedError: the judge gave no usable list.
        """
        ...

    def classify(self, tasks: Iterable[ClassificationTask]) -> Iterator[list[Classification]]:
        """Give each error of each task a category of its list, in the order of its errors.

        An error for which the judge gave no answer is left out of the list.

        Raises:
            JudgeStoppedError: as for ``analyse``.
        """
        ...

    def close(self) -> None:
        """End what runs for the judge; another question would start it again."""
        ...


@runtime_checkable
class AsksAhead(Protocol):
    """What a judge that gets its answers in batches does besides."""

    def analyse_ahead(self, cases: Iterable[FailureCase]) -> None:
        """Hear of all failures that ``analyse`` will be given, before it is given the first.

        Args:
            cases: may be gone through several times.

        Raises:
            JudgeWaitingError: the answers are not there yet, and the run is not to wait for them.
            JudgeStoppedError: as for ``Judge.analyse``.
        """
        ...

    def classify_ahead(self, tasks: Iterable[ClassificationTask]) -> None:
        """The same for ``classify``; see ``analyse_ahead``."""
        ...
