"""ErrorMap's own columns as JSON Lines (UTF-8), plain or gzip: one object per line."""

from collections.abc import Iterator
from pathlib import Path

from errormap_dagster.ingest.choices import DEFAULTS, Reading
from errormap_dagster.ingest.columns import require_columns
from errormap_dagster.ingest.compression import head_of
from errormap_dagster.ingest.interface import Batch, SourceFormat
from errormap_dagster.ingest.json_lines import BOM, first_object, lines
from errormap_dagster.ingest.rows import Kept, Record, Rejected, batched


class NativeJsonl(SourceFormat):
    """One prediction per line, as a JSON object."""

    name = "native_jsonl"

    def sniff(self, path: Path) -> bool:
        """Whether the first line is an object, or broken and followed by the start of another."""
        head = head_of(path).removeprefix(BOM).lstrip()
        is_next = any(line.startswith(b"{") for line in head.splitlines()[1:])
        return head.startswith(b"{") and (is_next or bool(first_object(path)))

    def read(self, path: Path, reading: Reading = DEFAULTS) -> Iterator[Batch]:
        """Read line by line; a line that is no object costs that line alone."""
        del reading
        yield from batched(_records(path))


def _records(path: Path) -> Iterator[Record]:
    is_checked = False
    for line in lines(path):
        if isinstance(line, Rejected):
            yield line
            continue
        if not is_checked:
            require_columns(path, list(line.value))
            is_checked = True
        yield Kept(line.number, line.value, line.text)
