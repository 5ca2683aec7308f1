"""Logs that are known but hold no score for each answer: told as such, never guessed at.

ZeroEval scores its results elsewhere; simple-evals puts scores into pages of HTML only.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.choices import DEFAULTS, Reading
from errormap_dagster.ingest.interface import Batch, SourceFormat
from errormap_dagster.ingest.json_document import elements, first_element, first_keys
from errormap_dagster.ingest.rows import Record, Rejected, batched

_REMEDY = (
    "Write a table with example_id, model, dataset, input_text, output_text, score and "
    "correct_answer, and land that"
)


class ZeroEval(SourceFormat):
    """The results of ZeroEval: a list of answers without scores."""

    name = "zeroeval"

    def sniff(self, path: Path) -> bool:
        """Whether the first element is an answer of ZeroEval."""
        first = first_element(path)
        signs = {"session_id", "chat_history", "output", "generator"}
        return isinstance(first, Mapping) and set(first) >= signs

    def read(self, path: Path, reading: Reading = DEFAULTS) -> Iterator[Batch]:
        """Set every answer aside: the file does not say which of them are wrong."""
        del reading
        yield from batched(_unscored(path))


def _unscored(path: Path) -> Iterator[Record]:
    told = f"results of ZeroEval hold no score; score them with ZeroEval. {_REMEDY}"
    for number, answer in enumerate(elements(path), start=1):
        yield Rejected(number, "unscored", told, answer)


class SimpleEvals(SourceFormat):
    """The results of simple-evals: conversations beside pages of HTML."""

    name = "simple_evals"

    def sniff(self, path: Path) -> bool:
        """Whether the document has the keys of simple-evals."""
        return {"score", "htmls", "convos"} <= set(first_keys(path))

    def read(self, path: Path, reading: Reading = DEFAULTS) -> Iterator[Batch]:
        """Refuse the file.

        Raises:
            IngestError: always.
        """
        del reading
        raise IngestError(
            f"{path}: results of simple-evals hold scores only inside of pages of HTML. {_REMEDY}."
        )
