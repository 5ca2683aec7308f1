"""The source formats that are known, and which of them a file is in."""

from pathlib import Path

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.choices import DEFAULTS, Reading
from errormap_dagster.ingest.every_eval_ever import EveryEvalEver
from errormap_dagster.ingest.helm import Helm
from errormap_dagster.ingest.ifeval import IfEval
from errormap_dagster.ingest.inspect_log import Inspect
from errormap_dagster.ingest.interface import SourceFormat
from errormap_dagster.ingest.lighteval import Lighteval
from errormap_dagster.ingest.lm_eval import LmEval
from errormap_dagster.ingest.mapped import Mapped
from errormap_dagster.ingest.native_csv import NativeCsv
from errormap_dagster.ingest.native_jsonl import NativeJsonl
from errormap_dagster.ingest.native_parquet import NativeParquet
from errormap_dagster.ingest.openai_evals import OpenAiEvals
from errormap_dagster.ingest.unscored import SimpleEvals, ZeroEval

FORMATS: tuple[SourceFormat, ...] = (
    Lighteval(),
    NativeParquet(),
    Inspect(),
    Helm(),
    LmEval(),
    EveryEvalEver(),
    OpenAiEvals(),
    IfEval(),
    SimpleEvals(),
    ZeroEval(),
    NativeJsonl(),
    NativeCsv(),
)
"""Asked in this order; the first that recognises a file reads it."""
FORMAT_NAMES = tuple(source.name for source in FORMATS)


def format_of(path: Path, reading: Reading = DEFAULTS, named: str | None = None) -> SourceFormat:
    """The format of a file: the one that was named, else a declared mapping, else by content.

    Raises:
        IngestError: the file is empty or in no known format, or nothing has the name given.
    """
    if path.stat().st_size == 0:
        raise IngestError(f"{path}: is empty. Land a file with predictions.")
    if named is not None:
        return format_named(named, reading)
    declared = [Mapped(mapping) for mapping in reading.mappings]
    for source in (*declared, *FORMATS):
        if source.sniff(path):
            return source
    names = ", ".join(name.removeprefix("native_") for name in FORMAT_NAMES)
    raise IngestError(
        f"{path}: is in no known format ({names}), or is damaged. Declare under `mappings` in "
        "errormap.yaml how to read it, or land a table of predictions."
    )


def format_named(name: str, reading: Reading) -> SourceFormat:
    """The format or declared mapping of a name.

    Raises:
        IngestError: there is none of that name.
    """
    mapped = {mapping.name: mapping for mapping in reading.mappings}
    if name in mapped:
        return Mapped(mapped[name])
    for source in FORMATS:
        if name in {source.name, source.name.removeprefix("native_")}:
            return source
    known = ", ".join((*mapped, *FORMAT_NAMES))
    raise IngestError(f"--format {name}: is no known format. Known: {known}.")
