"""What every source format offers: recognise a file, and read it in batches.

A format gives texts as they stand in the file; what makes a row usable is decided in one place,
``normalise.py``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import polars as pl

COLUMNS = (
    "example_id",
    "model",
    "dataset",
    "input_text",
    "output_text",
    "correct_answer",
    "metric",
    "score",
    "higher_is_better",
    "trial",
)
"""The columns of ErrorMap's own tables of predictions."""
REQUIRED = ("example_id", "model", "output_text", "score")

REJECT_SCHEMA = pl.Schema(
    {"row_number": pl.Int64, "reason": pl.String, "detail": pl.String, "raw_row": pl.String}
)


class Batch(NamedTuple):
    """Some rows of a file.

    Attributes:
        rows: ``row_number`` (from 1) and the columns of the file as text; ``score`` may be a number
            already. ``is_undecodable`` marks rows whose bytes are no text; ``raw_row`` holds the
            row as it stood where the format knows it.
        rejects: rows that are no rows at all, in ``REJECT_SCHEMA``.
    """

    rows: pl.DataFrame
    rejects: pl.DataFrame


class SourceFormat(Protocol):
    """One way in which predictions are written to a file."""

    name: str

    def sniff(self, path: Path) -> bool:
        """Whether the file's content looks like this format."""
        ...

    def read(self, path: Path) -> Iterator[Batch]:
        """The file in batches that fit in memory, in the order of the file.

        Raises:
            IngestError: the file as a whole cannot be read.
        """
        ...


def rejects(rows: list[tuple[int, str, str, str]]) -> pl.DataFrame:
    """Rejected rows as a frame."""
    return pl.DataFrame(rows, schema=REJECT_SCHEMA, orient="row")
