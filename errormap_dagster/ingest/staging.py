"""Staged files: the usable rows of a landed file, cut by evaluation, and a manifest.

A file is staged batch by batch into a folder of its own, which becomes visible when it is
complete. Nothing here knows of other files; ``assemble.py`` puts them together.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from errormap_dagster import progress
from errormap_dagster.domain.identity import content_id, content_ids
from errormap_dagster.errors import IngestError
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.ingest.choices import Choice, Reading
from errormap_dagster.ingest.interface import REJECT_SCHEMA, SourceFormat
from errormap_dagster.ingest.normalise import normalise
from errormap_dagster.ingest.tally import StagedEvaluation, Tally

_MANIFEST = "manifest.json"
_REJECTS = "rejects.parquet"
_ENDINGS = (".gz", ".csv", ".json", ".jsonl", ".ndjson", ".parquet", ".eval")
_CONTENT = ["input_text", "output_text", "correct_answer", "score", "metric", "higher_is_better"]
_HASH_CHUNK = 2**20
ROWS_READ = "rows_read"
"""The work that landing reports as progress."""
LANDED, SUPERSEDED, UNREADABLE = "landed", "superseded", "unreadable"
AUXILIARY = "auxiliary"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a landed file.

    ``beside`` marks the files that were read with it, ``reading`` the settings it was read by, and
    ``named_format`` the format that the user named, if any.
    """

    source_uri: str
    origin: str
    content_hash: str
    n_bytes: int
    modified_ns: int
    landed_at: str
    status: str
    source_format: str | None = None
    detail: str | None = None
    named_format: str | None = None
    beside: str = ""
    reading: str = ""
    n_rows: int = 0
    n_rejected: int = 0
    n_passed_over: int = 0
    choices: list[Choice] = field(default_factory=list[Choice])
    evaluations: list[StagedEvaluation] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The name of the file's folder: its source and its content."""
        return content_id(self.source_uri, self.content_hash)

    @property
    def accounted(self) -> str:
        """What the account of landed files says of it; not where and how it was read."""
        elsewhere = {"origin": "", "modified_ns": 0, "beside": "", "reading": "", "choices": []}
        return repr(replace(self, named_format=None, **elsewhere))


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_HASH_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def dataset_of(path: Path) -> str:
    """The dataset that a file's name stands for: the name without its endings."""
    name = path.name
    while (ending := Path(name).suffix.lower()) in _ENDINGS:
        name = name[: -len(ending)]
    return name


class LiveRows(NamedTuple):
    """What a file holds of an evaluation, under each spelling of its model."""

    manifest: Manifest
    staged: list[StagedEvaluation]


def _joined(manifest: Manifest, reading: Reading) -> dict[Evaluation, list[StagedEvaluation]]:
    found: dict[Evaluation, list[StagedEvaluation]] = {}
    for staged in manifest.evaluations:
        evaluation = Evaluation(staged.dataset, reading.model_of(staged.model))
        found.setdefault(evaluation, []).append(staged)
    return found


class Staging:
    """The folder of staged files."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, Manifest] | None = None
        self._live: dict[Evaluation, list[LiveRows]] | None = None

    def _manifests(self) -> dict[str, Manifest]:
        if self._known is None:
            found = (_read(path) for path in self._root.glob(f"*/{_MANIFEST}"))
            self._known = {manifest.key: manifest for manifest in found}
        return self._known

    def _remember(self, manifest: Manifest) -> None:
        self._manifests()[manifest.key] = manifest
        self._live = None

    def manifests(self) -> list[Manifest]:
        """Everything that was ever landed, sorted by source and time.

        The files are read once: what other processes land later shows in a new ``Staging``.
        """
        known = self._manifests().values()
        return sorted(known, key=lambda m: (m.source_uri, m.landed_at, m.content_hash))

    def live(self, reading: Reading) -> Mapping[Evaluation, Sequence[LiveRows]]:
        """The files that count, by evaluation; it is put together once for as long as none lands.

        Args:
            reading: joins the spellings of a model; the same at each call.
        """
        if self._live is None:
            self._live = {}
            for manifest in self.manifests():
                if manifest.status == LANDED:
                    for evaluation, staged in _joined(manifest, reading).items():
                        self._live.setdefault(evaluation, []).append(LiveRows(manifest, staged))
        return self._live

    def folder(self, manifest: Manifest, staged: StagedEvaluation) -> Path:
        """Where the rows of one evaluation of a file lie."""
        return self._root / manifest.key / content_id(staged.dataset, staged.model)

    def rejects(self, manifest: Manifest) -> pl.DataFrame:
        """The rows of a file that cannot be used, in ``REJECT_SCHEMA``."""
        path = self._root / manifest.key / _REJECTS
        return pl.read_parquet(path) if path.exists() else pl.DataFrame(schema=REJECT_SCHEMA)

    def stage(
        self, manifest: Manifest, path: Path, source: SourceFormat, reading: Reading
    ) -> Manifest:
        """Read a file into a folder of its own; an unreadable file becomes a manifest alone.

        Args:
            manifest: what is known before the file is read.
            path: of the file.
            source: the format to read it in.
            reading: the settings to read it by.
        """
        final = self._root / manifest.key
        beside = final.with_name(f"{final.name}.tmp")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        try:
            told = _stage_rows(manifest, path, beside, source, reading)
        except OSError:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        except Exception as error:  # noqa: BLE001 - readers of damaged files raise anything
            shutil.rmtree(beside)
            beside.mkdir()
            told = replace(manifest, status=UNREADABLE, detail=_told(error))
        _write(beside / _MANIFEST, told)
        shutil.rmtree(final, ignore_errors=True)
        beside.rename(final)
        self._remember(told)
        return told

    def note(self, manifest: Manifest) -> Manifest:
        """Note what is known of a file without reading its rows."""
        (self._root / manifest.key).mkdir(parents=True, exist_ok=True)
        _write(self._root / manifest.key / _MANIFEST, manifest)
        self._remember(manifest)
        return manifest

    def forget(self, manifest: Manifest) -> None:
        """Take back what was staged of a file."""
        shutil.rmtree(self._root / manifest.key, ignore_errors=True)
        self._manifests().pop(manifest.key, None)
        self._live = None

    def supersede(self, manifest: Manifest, detail: str) -> None:
        """Let a file's rows count no longer; what became of it stays known."""
        folder = self._root / manifest.key
        self.note(replace(manifest, status=SUPERSEDED, detail=detail))
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
        (folder / _REJECTS).unlink(missing_ok=True)


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, IngestError) else f"{type(error).__name__}: {error}"


def _stage_rows(
    manifest: Manifest, path: Path, folder: Path, source: SourceFormat, reading: Reading
) -> Manifest:
    tally = Tally()
    refused: list[pl.DataFrame] = []
    for number, batch in enumerate(source.read(path, reading)):
        tally.note(batch)
        usable, rejected = normalise(batch, dataset_of(path))
        refused.append(rejected)
        for evaluation, rows in _by_evaluation(usable):
            target = folder / content_id(*evaluation)
            target.mkdir(exist_ok=True)
            hashed = _with_content(rows)
            hashed.write_parquet(target / f"{number:06d}.parquet", compression="zstd")
            tally.add(evaluation, hashed)
        progress.advance(ROWS_READ, usable.height + rejected.height)
    rejects = pl.concat([pl.DataFrame(schema=REJECT_SCHEMA), *refused]).sort("row_number")
    rejects.write_parquet(folder / _REJECTS, compression="zstd")
    staged = tally.evaluations()
    n_rows = sum(e.n_rows for e in staged) + rejects.height + tally.n_passed_over
    return replace(
        manifest,
        source_format=source.name,
        n_rows=n_rows,
        n_rejected=rejects.height,
        n_passed_over=tally.n_passed_over,
        choices=tally.choices,
        evaluations=staged,
    )


def _by_evaluation(rows: pl.DataFrame) -> Iterator[tuple[Evaluation, pl.DataFrame]]:
    parts = rows.partition_by(["dataset", "model"], as_dict=True, maintain_order=True)
    return ((Evaluation(*map(str, key)), part) for key, part in parts.items())


def _with_content(rows: pl.DataFrame) -> pl.DataFrame:
    """Beside each row a hash of what it says, and the size of its texts in bytes."""
    texts = pl.col("input_text", "output_text", "correct_answer")
    return rows.with_columns(
        content_ids(rows, _CONTENT).alias("content"),
        n_text_bytes=pl.sum_horizontal(texts.str.len_bytes().fill_null(0)).cast(pl.Int64),
    )


def _read(path: Path) -> Manifest:
    document = json.loads(path.read_text(encoding="utf-8"))
    evaluations = [StagedEvaluation(**entry) for entry in document.pop("evaluations")]
    choices = [_choice(entry) for entry in document.pop("choices")]
    return Manifest(**document, evaluations=evaluations, choices=choices)


def _choice(entry: dict[str, Any]) -> Choice:
    metrics, filters = entry.pop("metrics"), entry.pop("filters")
    return Choice(**entry, metrics=tuple(metrics), filters=tuple(filters))


def _write(path: Path, manifest: Manifest) -> None:
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_text(json.dumps(asdict(manifest), ensure_ascii=False), encoding="utf-8")
    beside.replace(path)


def timestamp(text: str) -> datetime:
    """The time that a manifest holds."""
    return datetime.fromisoformat(text)
