"""What the rest of the project asks of a judge.

Three operations: read a failure, keep a list of categories, put errors into categories. No
Dagster and no provider here; implementations live beside this module.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from errormap_dagster.domain.records import (
    Analysis,
    Category,
    Classification,
    FailureCase,
    JudgedError,
)


@dataclass(frozen=True, slots=True)
class JudgeIdentity:
    """Who judged: whatever could change an answer is part of it.

    ``prompt_hash`` covers the prompt's text, or the rules of a judge that has no prompt.
    """

    judge: str
    prompt_version: str
    prompt_hash: str


@dataclass(frozen=True, slots=True)
class TaxonomyLimits:
    """Bounds on a taxonomy that is grown from errors (docs/methods.md names their sources)."""

    max_categories_per_level: int = 25
    max_depth: int = 3
    min_errors_to_split: int = 10
    max_name_words: int = 5
    max_description_words: int = 30
    seed: int = 0


class Judge(Protocol):
    """A reader of failed predictions."""

    @property
    def identity(self) -> JudgeIdentity:
        """Who judges; stands in every row that the judge makes."""
        ...

    def analyse(self, case: FailureCase) -> Analysis:
        """Read one failure. May raise: the caller turns that into a ``judge_failed`` row."""
        ...

    def build_categories(
        self, errors: Sequence[JudgedError], limits: TaxonomyLimits
    ) -> list[Category]:
        """Grow a taxonomy from errors, one tree as a flat list with parents before children."""
        ...

    def classify(
        self, errors: Sequence[JudgedError], categories: Sequence[Category]
    ) -> list[Classification]:
        """Give each error one category of the list, in the order of ``errors``."""
        ...
