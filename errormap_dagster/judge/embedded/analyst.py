"""The embedded analyst: a judge without a model, for a first look that costs nothing.

It decides what can be decided by reading alone and says "cannot tell" about the rest. A baseline
and a stand-in, no equal of a language model.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final

from errormap_dagster.domain.growth import Growth
from errormap_dagster.domain.records import (
    Analysis,
    Category,
    Classification,
    FailureCase,
    JudgedError,
    Outcome,
)
from errormap_dagster.judge.analyse import analyse_safely
from errormap_dagster.judge.embedded.detectors.answer_check import answer_criteria
from errormap_dagster.judge.embedded.findings import Finding
from errormap_dagster.judge.embedded.processes import read_in_processes
from errormap_dagster.judge.embedded.registry import DETECTORS, WHOLE_OUTPUT_DETECTORS
from errormap_dagster.judge.interface import (
    ClassificationTask,
    Effort,
    JudgeIdentity,
    Operation,
    TaxonomyLimits,
)

NAME: Final = "embedded"
_VERSION: Final = "rules-3"


@cache
def _hash_of_rules() -> str:
    """A hash over the source of every rule: whatever could change an answer."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class EmbeddedAnalyst:
    """A deterministic judge: no network, no key, the same answer every time."""

    workers: int = 1
    """Processes that read failures side by side; the answers do not depend on it."""

    def identity(self, operation: Operation) -> JudgeIdentity:  # noqa: ARG002 - one set of rules
        """The rules and their hash, for every operation."""
        return JudgeIdentity(NAME, _VERSION, _hash_of_rules())

    def effort(self) -> Effort:
        """Nothing: rules make no calls."""
        return Effort()

    def close(self) -> None:
        """Nothing: rules hold nothing open."""

    def analyse(self, cases: Iterable[FailureCase]) -> Iterator[Analysis]:
        """Name the first error that can be shown in each output, or say that none can."""
        return read_in_processes(partial(analyse_safely, read_failure), cases, self.workers)

    def build_categories(
        self, errors: Sequence[JudgedError], limits: TaxonomyLimits, base: Sequence[Category] = ()
    ) -> Growth:
        """Group errors by the words of their titles and summaries."""
        from errormap_dagster.judge.embedded.categories import (  # noqa: PLC0415 - scikit-learn takes seconds to import
            grow_categories,
        )

        return grow_categories(errors, limits, base)

    def classify(self, tasks: Iterable[ClassificationTask]) -> Iterator[list[Classification]]:
        """Choose by what a title is meant for, else by likeness of words."""
        from errormap_dagster.judge.embedded.classification import (  # noqa: PLC0415 - as above
            classify_errors,
        )

        for task in tasks:
            yield classify_errors(task.errors, task.categories)


def read_failure(case: FailureCase) -> Analysis:
    """The first error that can be shown in one output, or that none can."""
    finding = _first_finding(case)
    if finding is None:
        return _cannot_tell(case)
    return Analysis(finding.outcome, finding.error_title, finding.error_summary, finding.criteria)


def _first_finding(case: FailureCase) -> Finding | None:
    """The finding that shows first; what concerns the whole output comes before all others."""
    for detector in WHOLE_OUTPUT_DETECTORS:
        if (finding := detector(case)) is not None:
            return finding
    found = [finding for detector in DETECTORS if (finding := detector(case)) is not None]
    right = [finding for finding in found if finding.outcome is Outcome.NO_ERROR_FOUND]
    # The order of DETECTORS decides between findings that show at the same place.
    return min(right or found, key=lambda f: (f.position, -f.certainty), default=None)


def _cannot_tell(case: FailureCase) -> Analysis:
    looked_at = (
        "Cannot tell which error came first: the output is an attempt at the task, but no "
        "calculation, option, constraint, literal or code in it could be shown to be wrong"
    )
    n_correct = len(case.correct_outputs)
    compared = "" if not n_correct else f"; it was compared with {n_correct} correct output(s)"
    return Analysis(Outcome.ERROR_FOUND, None, f"{looked_at}{compared}.", answer_criteria(case))
