"""Counting the rows of a file by evaluation, as they are staged batch by batch."""

from dataclasses import dataclass

import polars as pl

from errormap_dagster.domain.identity import content_ids
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.ingest.choices import Choice
from errormap_dagster.ingest.interface import Batch


@dataclass(frozen=True, slots=True)
class StagedEvaluation:
    """The rows of one evaluation in one file; ``rows_hash`` does not depend on their order."""

    dataset: str
    model: str
    n_rows: int
    rows_hash: str


class Tally:
    """Counts the rows of each evaluation, and hashes them without regard to their order."""

    def __init__(self) -> None:
        self._n_rows: dict[Evaluation, int] = {}
        self._sums: dict[Evaluation, int] = {}
        self.n_passed_over = 0
        self.choices: list[Choice] = []

    def note(self, batch: Batch) -> None:
        """Take over what a batch says of itself."""
        self.n_passed_over += batch.n_passed_over
        self.choices.extend(batch.choices)

    def add(self, evaluation: Evaluation, rows: pl.DataFrame) -> None:
        """Count rows of an evaluation: example_id, trial, run_id and the hash of their content."""
        ids = content_ids(rows, ["example_id", "trial", "run_id", "content"])
        self._n_rows[evaluation] = self._n_rows.get(evaluation, 0) + rows.height
        # A sum of hashes is the same in every order and, unlike exclusive or, counts repetitions.
        total = self._sums.get(evaluation, 0) + sum(int(row, 16) for row in ids)
        self._sums[evaluation] = total % 2**128

    def evaluations(self) -> list[StagedEvaluation]:
        """What was counted, sorted."""
        return [
            StagedEvaluation(*evaluation, n_rows, f"{self._sums[evaluation]:032x}")
            for evaluation, n_rows in sorted(self._n_rows.items())
        ]
