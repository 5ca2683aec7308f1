"""The source formats that are known, and which of them a file is in."""

from pathlib import Path

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.interface import SourceFormat
from errormap_dagster.ingest.native_csv import NativeCsv
from errormap_dagster.ingest.native_jsonl import NativeJsonl
from errormap_dagster.ingest.native_parquet import NativeParquet

FORMATS: tuple[SourceFormat, ...] = (NativeParquet(), NativeJsonl(), NativeCsv())
"""Asked in this order; the first that recognises a file reads it."""


def format_of(path: Path) -> SourceFormat:
    """The format of a file, by its content.

    Raises:
        IngestError: the file is empty or in no known format.
    """
    if path.stat().st_size == 0:
        raise IngestError(f"{path}: is empty. Land a file with predictions.")
    for source in FORMATS:
        if source.sniff(path):
            return source
    names = ", ".join(source.name.removeprefix("native_") for source in FORMATS)
    raise IngestError(f"{path}: is in no known format ({names}), or is damaged.")
