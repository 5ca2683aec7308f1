"""Files that arrive: which of a folder are read, under which name, and how to tell a change."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from errormap_dagster.domain.identity import content_id
from errormap_dagster.ingest.staging import Manifest, file_hash

KNOWN_ENDINGS = (
    ".csv",
    ".csv.gz",
    ".json",
    ".json.gz",
    ".jsonl",
    ".jsonl.gz",
    ".ndjson",
    ".ndjson.gz",
    ".parquet",
    ".eval",
)
"""What is read in a folder; a file that is named outright may end in anything."""


class Arrival(NamedTuple):
    """A file to land, the name under which it is known, and its format where it was named."""

    path: Path
    name: str
    source_format: str | None = None


def files_in(folder: Path) -> list[Path]:
    """Files with known endings below a folder, sorted; hidden and underscored ones passed over."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.name.lower().endswith(KNOWN_ENDINGS)
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    )


def below(path: Path, folder: Path) -> str:
    """The path of a file below a folder, as a name."""
    return path.relative_to(folder).as_posix()


def size_and_time(path: Path) -> tuple[int, int]:
    """Bytes, and time of change in nanoseconds."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def mark_of(companions: Sequence[Path]) -> str:
    """What tells a change of the files that are read with another, without reading them."""
    return ";".join(f"{path}:{size_and_time(path)}" for path in sorted(companions))


def delivery_hash(path: Path, companions: Sequence[Path]) -> str:
    """SHA-256 of a file's bytes; with companions, of theirs too."""
    own = file_hash(path)
    return content_id(own, *map(file_hash, companions), length=64) if companions else own


def is_still_there(manifest: Manifest) -> bool:
    """Whether a landed file stands where it came from as it was."""
    path = Path(manifest.origin)
    return path.is_file() and size_and_time(path) == (manifest.n_bytes, manifest.modified_ns)


def arrival_of(manifest: Manifest) -> Arrival:
    """A landed file as it would arrive again."""
    return Arrival(Path(manifest.origin), manifest.source_uri, manifest.named_format)


def with_origin(name: str, path: Path) -> str:
    """A name that tells a file from another of the same name."""
    return f"{name}~{content_id(str(path), length=8)}"
