"""What every source format offers: recognise a file, and read it in batches.

A format gives texts as they stand in the file; what makes a row usable is decided in one place,
``normalise.py``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol, TypeGuard

import polars as pl

from errormap_dagster.ingest.choices import DEFAULTS, Choice, Reading

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
RUN = "run_id"
"""The harness's own id of a run, where it has one: another run is another try at each example."""
BARE = ("bare_input", "bare_reference")
"""The question and the reference without a harness's prompt and letters, where a format knows
them: what ``example_hash`` is made from. They are not stored."""
EXTRA = (RUN, *BARE)
"""What only the readers of logs fill."""

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
        n_passed_over: rows of the file that say the same as another by a filter or metric that was
            not chosen.
        choices: the metric and filter that were taken, as far as they are new in this batch.
    """

    rows: pl.DataFrame
    rejects: pl.DataFrame
    n_passed_over: int = 0
    choices: tuple[Choice, ...] = ()


class SourceFormat(Protocol):
    """One way in which predictions are written to a file."""

    name: str

    def sniff(self, path: Path) -> bool:
        """Whether the file's content looks like this format."""
        ...

    def companions(self, path: Path) -> list[Path]:
        """Files beside it that are read together with it."""
        del path
        return []

    def read(self, path: Path, reading: Reading = DEFAULTS) -> Iterator[Batch]:
        """The file in batches that fit in memory, in the order of the file.

        Raises:
            IngestError: the file as a whole cannot be read, or a setting asks of it what it does
                not hold.
        """
        ...


def rejects(rows: list[tuple[int, str, str, str]]) -> pl.DataFrame:
    """Rejected rows as a frame."""
    return pl.DataFrame(rows, schema=REJECT_SCHEMA, orient="row")


def is_format(source: object) -> TypeGuard[SourceFormat]:
    """Whether it is a format and not the reason why there is none."""
    return not isinstance(source, Exception | str)
