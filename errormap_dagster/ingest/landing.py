"""All landed files together: which are new, which count, and what became of every row.

A file is known by its name (its path below the landing folder) and its content. New content under
a known name is a correction and replaces the old rows; the same content changes nothing. A file
that disappears from the landing folder keeps its rows: landing is a delivery, not a mirror.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl

from errormap_dagster import progress
from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.identity import content_id
from errormap_dagster.errors import IngestError
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.ingest.assemble import (
    CONFLICT,
    KEPT,
    StagedFile,
    conflicts,
    predictions,
    settle,
)
from errormap_dagster.ingest.staging import (
    LANDED,
    ROWS_READ,
    SUPERSEDED,
    UNREADABLE,
    Manifest,
    Staging,
    file_hash,
    timestamp,
)

DUPLICATE = "duplicate"
KNOWN_ENDINGS = (
    ".csv",
    ".csv.gz",
    ".jsonl",
    ".jsonl.gz",
    ".ndjson",
    ".ndjson.gz",
    ".parquet",
)
"""What is read in a folder; a file that is named outright may end in anything."""


class Arrival(NamedTuple):
    """A file to land and the name under which it is known."""

    path: Path
    name: str


class Account(NamedTuple):
    """What became of everything that was landed, as rows of the tables named alike."""

    landed_files: pl.DataFrame
    quarantined_rows: pl.DataFrame


class Landing:
    """The landed files of a home."""

    def __init__(self, staging: Path, landing: Path, clock: Callable[[], datetime]) -> None:
        self._staging = Staging(staging)
        self._folder = landing
        self._clock = clock
        self.left: list[str] = []
        """Files that could not be landed now, with the reason; they are tried again."""

    def add(self, paths: Sequence[Path]) -> None:
        """Land files, and all files with known endings below folders.

        Raises:
            IngestError: a path does not exist, or a folder holds no file with a known ending.
        """
        arrivals = [arrival for path in paths for arrival in self._arrivals(path)]
        self._land(arrivals)

    def scan(self, only: Collection[str] | None = None) -> None:
        """Land what is new or changed in the landing folder, by size and time of change.

        Args:
            only: names of files, as ``pending_files`` gives them; all others are left.
        """
        self._land([a for a in self._new_in_folder() if only is None or a.name in only])

    def _new_in_folder(self) -> list[Arrival]:
        seen = {
            (m.source_uri, m.n_bytes, m.modified_ns)
            for m in self._staging.manifests()
            if m.status != SUPERSEDED
        }
        found = [Arrival(path, _below(path, self._folder)) for path in _files_in(self._folder)]
        return [a for a in found if (a.name, *_size_and_time(a.path)) not in seen]

    def pending_files(self) -> list[str]:
        """Names of files in the landing folder that no landing has read yet."""
        return [arrival.name for arrival in self._new_in_folder()]

    def _arrivals(self, path: Path) -> list[Arrival]:
        if not path.exists():
            raise IngestError(f"{path}: does not exist.")
        if path.is_relative_to(self._folder):
            files = [path] if path.is_file() else _files_in(path)
            return [Arrival(file, _below(file, self._folder)) for file in files]
        if path.is_file():
            return [Arrival(path, self._name_of(path, path.name))]
        files = _files_in(path)
        if not files:
            raise IngestError(
                f"{path}: holds no file that ends in one of {', '.join(KNOWN_ENDINGS)}."
            )
        return [Arrival(f, self._name_of(f, f"{path.name}/{_below(f, path)}")) for f in files]

    def _name_of(self, path: Path, plain: str) -> str:
        """The plain name, unless another place delivered other content under it before."""
        origin = str(path)
        same_name = [m for m in self._live() if m.source_uri == plain and m.origin != origin]
        if not same_name or any(m.content_hash == file_hash(path) for m in same_name):
            return plain
        return f"{plain}~{content_id(origin, length=8)}"

    def _land(self, arrivals: Sequence[Arrival]) -> None:
        if arrivals:
            progress.begin(ROWS_READ, None)
        for arrival in progress.track(arrivals, "landed_files"):
            try:
                self._land_one(arrival)
            except OSError as error:
                self.left.append(f"{arrival.name}: {type(error).__name__}: {error}")

    def _land_one(self, arrival: Arrival) -> None:
        n_bytes, modified_ns = _size_and_time(arrival.path)
        now = self._clock().isoformat()
        content = file_hash(arrival.path)
        new = Manifest(arrival.name, str(arrival.path), content, n_bytes, modified_ns, now, LANDED)
        of_name = [m for m in self._staging.manifests() if m.source_uri == arrival.name]
        known = next((m for m in of_name if m.content_hash == content), None)
        if known and known.status == LANDED:
            self._staging.touch(replace(known, modified_ns=modified_ns))
            return
        staged = self._staging.stage(
            replace(new, landed_at=known.landed_at) if known else new, arrival.path
        )
        if _size_and_time(arrival.path) != (n_bytes, modified_ns):
            self._staging.forget(staged)
            self.left.append(f"{arrival.name}: changed while it was read")
            return
        gone = {UNREADABLE} if staged.status == UNREADABLE else {UNREADABLE, LANDED}
        for older in of_name:
            if older.content_hash != content and older.status in gone:
                self._staging.supersede(older, f"replaced by the content {content[:12]}")

    def _live(self) -> list[Manifest]:
        return [m for m in self._staging.manifests() if m.status == LANDED]

    def evaluations(self) -> list[Evaluation]:
        """Every pair of dataset and model of which rows have landed, sorted."""
        return sorted({Evaluation(e.dataset, e.model) for m in self._live() for e in m.evaluations})

    def fingerprint(self, evaluation: Evaluation) -> str:
        """A hash of the evaluation's landed rows that does not depend on their order."""
        parts = [
            part
            for manifest in self._live()
            if (rows := manifest.rows_of(evaluation))
            for part in (manifest.source_uri, rows.rows_hash)
        ]
        return content_id(*parts)

    def _files_of(self, evaluation: Evaluation) -> list[StagedFile]:
        return [
            StagedFile(
                manifest.source_uri,
                manifest.source_format or "",
                timestamp(manifest.landed_at),
                self._staging.folder(manifest, evaluation),
            )
            for manifest in self._live()
            if manifest.rows_of(evaluation)
        ]

    def assemble(self, evaluation: Evaluation) -> Iterator[pl.DataFrame]:
        """Rows of ``raw_predictions`` of one evaluation, in parts that fit in memory."""
        return predictions(evaluation, self._files_of(evaluation))

    def account(self) -> Account:
        """What became of every landed file and of every row that is no prediction."""
        fates: list[pl.DataFrame] = []
        contradictions: list[pl.DataFrame] = []
        for evaluation in self.evaluations():
            files = self._files_of(evaluation)
            counted = settle(files).group_by("source_uri", "fate").len("n")
            fates.append(counted)
            if CONFLICT in counted["fate"]:
                contradictions.append(conflicts(evaluation, files))
        empty = pl.DataFrame(schema={"source_uri": pl.String, "fate": pl.String, "n": pl.UInt32})
        summed = pl.concat([empty, *fates]).group_by("source_uri", "fate").agg(pl.sum("n"))
        tally = {(uri, fate): n for uri, fate, n in summed.iter_rows()}
        return Account(self._landed_files(tally), self._quarantined_rows(contradictions))

    def _landed_files(self, tally: dict[tuple[str, str], int]) -> pl.DataFrame:
        rows = [_file_row(manifest, tally) for manifest in self._staging.manifests()]
        schema = polars_schema("landed_files")
        return pl.DataFrame(rows, schema=schema).sort("source_uri", "content_hash")

    def _quarantined_rows(self, contradictions: list[pl.DataFrame]) -> pl.DataFrame:
        schema = polars_schema("quarantined_rows")
        landed_at = {m.source_uri: timestamp(m.landed_at) for m in self._live()}
        rejected = [
            self._staging.rejects(manifest).with_columns(source_uri=pl.lit(manifest.source_uri))
            for manifest in self._live()
        ]
        columns = [name for name in schema.names() if name != "landed_at"]
        frames = [frame.select(columns) for frame in [*rejected, *contradictions]]
        empty = pl.DataFrame(schema={name: schema[name] for name in columns})
        kind = schema["landed_at"]
        return (
            pl.concat([empty, *frames])
            .with_columns(
                landed_at=pl.col("source_uri").replace_strict(
                    landed_at, default=None, return_dtype=kind
                )
            )
            .sort("source_uri", "row_number")
        )


def _file_row(manifest: Manifest, tally: dict[tuple[str, str], int]) -> dict[str, object]:
    is_live = manifest.status == LANDED
    counted = {
        fate: tally.get((manifest.source_uri, fate), 0) if is_live else 0
        for fate in (KEPT, DUPLICATE, CONFLICT)
    }
    n_rows = manifest.n_rows if is_live else 0
    is_duplicate = 0 < n_rows == counted[DUPLICATE]
    return {
        "source_uri": manifest.source_uri,
        "content_hash": manifest.content_hash,
        "source_format": manifest.source_format,
        "status": DUPLICATE if is_duplicate else manifest.status,
        "detail": "every row stands in other landed files already"
        if is_duplicate
        else manifest.detail,
        "n_rows": n_rows,
        "n_kept": counted[KEPT],
        "n_quarantined": counted[CONFLICT] + (manifest.n_rejected if is_live else 0),
        "n_duplicates": counted[DUPLICATE],
        "n_evaluations": len(manifest.evaluations) if is_live else 0,
        "n_bytes": manifest.n_bytes,
        "landed_at": timestamp(manifest.landed_at),
    }


def _files_in(folder: Path) -> list[Path]:
    """Files with known endings below a folder, sorted; hidden and underscored ones passed over."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.name.lower().endswith(KNOWN_ENDINGS)
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    )


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _size_and_time(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
