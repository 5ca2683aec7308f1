"""All landed files together: which are new, which count, and what became of every row.

A file is known by its name (its path below the landing folder) and its content. New content under
a known name is a correction and replaces the old rows; the same content changes nothing. A file
that disappears from the landing folder keeps its rows: landing is a delivery, not a mirror.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl

from errormap_dagster import progress
from errormap_dagster.domain.identity import content_id
from errormap_dagster.errors import IngestError
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.ingest.account import Account, account_of
from errormap_dagster.ingest.arrivals import (
    KNOWN_ENDINGS,
    Arrival,
    arrival_of,
    below,
    delivery_hash,
    files_in,
    is_still_there,
    mark_of,
    size_and_time,
    with_origin,
)
from errormap_dagster.ingest.assemble import StagedFile, predictions
from errormap_dagster.ingest.auxiliary import auxiliary_detail
from errormap_dagster.ingest.choices import DEFAULTS, Choice, Reading
from errormap_dagster.ingest.formats import format_named, format_of
from errormap_dagster.ingest.interface import SourceFormat, is_format
from errormap_dagster.ingest.mapped import Mapped
from errormap_dagster.ingest.staging import (
    AUXILIARY,
    LANDED,
    ROWS_READ,
    SUPERSEDED,
    UNREADABLE,
    Manifest,
    Staging,
    timestamp,
)


class Landing:
    """The landed files of a home."""

    def __init__(
        self,
        staging: Path,
        landing: Path,
        clock: Callable[[], datetime],
        reading: Reading = DEFAULTS,
    ) -> None:
        self._staging = Staging(staging)
        self._folder = landing
        self._clock = clock
        self._reading = reading
        self.left: list[str] = []
        """Files that could not be landed now, with the reason; they are tried again."""

    def add(self, paths: Sequence[Path], source_format: str | None = None) -> None:
        """Land files, and all files with known endings below folders.

        Args:
            paths: of files and folders.
            source_format: the format or declared mapping to read them in; told by content if None.

        Raises:
            IngestError: a path does not exist, a folder holds no file with a known ending, or no
                format has the name given.
        """
        if source_format is not None:
            format_named(source_format, self._reading)
        found = [arrival for path in paths for arrival in self._arrivals(path)]
        self._land([a._replace(source_format=source_format) for a in self._told_apart(found)])

    def _told_apart(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """The arrivals with a name of its own for each that shares its name with another file."""
        first: dict[str, Path] = {}
        for arrival in arrivals:
            first.setdefault(arrival.name, arrival.path)
        return [
            a
            if first[a.name] == a.path
            or self._content_of(first[a.name]) == self._content_of(a.path)
            else a._replace(name=with_origin(a.name, a.path))
            for a in arrivals
        ]

    def scan(self, only: Collection[str] | None = None) -> None:
        """Land what is new or changed in the landing folder, and what settings would read anew.

        Args:
            only: names of files, as ``pending_files`` gives them; all others are left.
        """
        self._land([a for a in self._pending() if only is None or a.name in only])

    def pending_files(self) -> list[str]:
        """Names of files that no landing has read yet, or not by the settings of now."""
        return [arrival.name for arrival in self._pending()]

    def _pending(self) -> list[Arrival]:
        manifests = [m for m in self._staging.manifests() if m.status != SUPERSEDED]
        seen = {
            (m.source_uri, m.n_bytes, m.modified_ns)
            for m in manifests
            if not self._is_misread(m) and m.beside == self._beside(m)
        }
        found = [Arrival(path, below(path, self._folder)) for path in files_in(self._folder)]
        new = [a for a in found if (a.name, *size_and_time(a.path)) not in seen]
        elsewhere = [m for m in manifests if not Path(m.origin).is_relative_to(self._folder)]
        return [
            *new,
            *(arrival_of(m) for m in elsewhere if self._is_misread(m) and is_still_there(m)),
        ]

    def _is_misread(self, manifest: Manifest) -> bool:
        """Whether the settings of now would read a file otherwise than it was read."""
        reading = self._reading
        if manifest.status == AUXILIARY or manifest.reading == reading.fingerprint:
            return False
        path = Path(manifest.origin)
        return (
            manifest.status == UNREADABLE
            or manifest.source_format == Mapped.name
            or not all(reading.still_chooses(choice) for choice in manifest.choices)
            or any(Mapped(mapping).sniff(path) for mapping in reading.mappings)
        )

    def _beside(self, manifest: Manifest) -> str:
        """The mark of the files that a file would be read with now."""
        name, path = manifest.source_format, Path(manifest.origin)
        if name is None or name == Mapped.name or not path.is_file():
            return manifest.beside
        return mark_of(format_named(name, self._reading).companions(path))

    def _arrivals(self, path: Path) -> list[Arrival]:
        if not path.exists():
            raise IngestError(f"{path}: does not exist.")
        if path.is_relative_to(self._folder):
            files = [path] if path.is_file() else files_in(path)
            return [Arrival(file, below(file, self._folder)) for file in files]
        if path.is_file():
            return [Arrival(path, self._name_of(path, path.name))]
        files = files_in(path)
        if not files:
            raise IngestError(
                f"{path}: holds no file that ends in one of {', '.join(KNOWN_ENDINGS)}."
            )
        return [Arrival(f, self._name_of(f, f"{path.name}/{below(f, path)}")) for f in files]

    def _name_of(self, path: Path, plain: str) -> str:
        """The plain name, unless another place delivered other content under it before."""
        delivered = [m for m in self._staging.manifests() if m.status in {LANDED, AUXILIARY}]
        same_name = [m for m in delivered if m.source_uri == plain and m.origin != str(path)]
        if not same_name or any(m.content_hash == self._content_of(path) for m in same_name):
            return plain
        return with_origin(plain, path)

    def _content_of(self, path: Path) -> str:
        source = self._source_of(Arrival(path, path.name))
        return delivery_hash(path, source.companions(path) if is_format(source) else [])

    def _land(self, arrivals: Sequence[Arrival]) -> None:
        if arrivals:
            progress.begin(ROWS_READ, None)
        landed = [self._try_one(a) for a in progress.track(arrivals, "landed_files")]
        if any(manifest and manifest.status == AUXILIARY for manifest in landed):
            # What came beside a file that was landed before changes what is known of its rows.
            for manifest in self._staging.manifests():
                if manifest.status in {LANDED, UNREADABLE} and is_still_there(manifest):
                    self._land_one_if_beside_changed(manifest)

    def _try_one(self, arrival: Arrival) -> Manifest | None:
        """Land a file; one that cannot be opened now is left, for another time."""
        try:
            return self._land_one(arrival)
        except OSError as error:
            self.left.append(f"{arrival.name}: {type(error).__name__}: {error}")
            return None

    def _land_one_if_beside_changed(self, manifest: Manifest) -> None:
        arrival = arrival_of(manifest)
        source = self._source_of(arrival)
        if is_format(source) and mark_of(source.companions(arrival.path)) != manifest.beside:
            self._try_one(arrival)

    def _source_of(self, arrival: Arrival) -> SourceFormat | IngestError | str:
        """How to read a file, why it cannot be read, or what it is an auxiliary file of."""
        if arrival.source_format is None and (told := auxiliary_detail(arrival.path)):
            return told
        try:
            return format_of(arrival.path, self._reading, arrival.source_format)
        except IngestError as error:
            return error

    def _land_one(self, arrival: Arrival) -> Manifest | None:
        source = self._source_of(arrival)
        companions = source.companions(arrival.path) if is_format(source) else []
        content = delivery_hash(arrival.path, companions)
        of_name = [m for m in self._staging.manifests() if m.source_uri == arrival.name]
        known = next((m for m in of_name if m.content_hash == content), None)
        n_bytes, modified_ns = size_and_time(arrival.path)
        new = Manifest(
            arrival.name,
            str(arrival.path),
            content,
            n_bytes,
            modified_ns,
            known.landed_at if known else self._clock().isoformat(),
            LANDED,
            named_format=arrival.source_format,
            beside=mark_of(companions),
            reading=self._reading.fingerprint,
        )
        landed = self._read(new, known, source)
        if size_and_time(arrival.path) != (n_bytes, modified_ns):
            self._staging.forget(landed)
            self.left.append(f"{arrival.name}: changed while it was read")
            return None
        gone = {UNREADABLE} if landed.status == UNREADABLE else {UNREADABLE, LANDED, AUXILIARY}
        for older in of_name:
            if older.content_hash != content and older.status in gone:
                self._staging.supersede(older, f"replaced by the content {content[:12]}")
        return landed

    def _read(
        self, new: Manifest, known: Manifest | None, source: SourceFormat | IngestError | str
    ) -> Manifest:
        """Stage the rows of a file, unless they are staged already as they would be."""
        if isinstance(source, str):
            return self._staging.note(replace(new, status=AUXILIARY, detail=source))
        if isinstance(source, IngestError):
            return self._staging.note(replace(new, status=UNREADABLE, detail=str(source)))
        same_format = known is not None and known.named_format == new.named_format
        if known and same_format and known.status == LANDED and not self._is_misread(known):
            marks = {"modified_ns": new.modified_ns, "beside": new.beside, "reading": new.reading}
            return self._staging.note(replace(known, **marks))
        named = replace(new, source_format=source.name)
        return self._staging.stage(named, Path(new.origin), source, self._reading)

    def choices(self) -> list[tuple[str, Choice]]:
        """The format and choice of each dataset in each live file that offered one, sorted."""
        found = [(m.source_format or "", choice) for m in self._live() for choice in m.choices]
        return sorted(found, key=lambda pair: (pair[1].dataset, pair[0], repr(pair[1])))

    def unread_choices(self) -> list[str]:
        """Names of live files that settings would read anew, but that are no longer there."""
        return [m.source_uri for m in self._live() if self._is_misread(m) and not is_still_there(m)]

    def spellings(self) -> list[Evaluation]:
        """Every pair of dataset and model as the files spell it, sorted."""
        return sorted({Evaluation(e.dataset, e.model) for m in self._live() for e in m.evaluations})

    def _live(self) -> list[Manifest]:
        return [m for m in self._staging.manifests() if m.status == LANDED]

    def evaluations(self) -> list[Evaluation]:
        """Every pair of dataset and model of which rows have landed, sorted."""
        return sorted(self._staging.live(self._reading))

    def fingerprint(self, evaluation: Evaluation) -> str:
        """A hash of the evaluation's landed rows that does not depend on their order."""
        parts = [
            part
            for manifest, staged in self._staging.live(self._reading).get(evaluation, [])
            for rows in staged
            for part in (manifest.source_uri, rows.rows_hash)
        ]
        return content_id(*parts)

    def _files_of(self, evaluation: Evaluation) -> list[StagedFile]:
        return [
            StagedFile(
                manifest.source_uri,
                manifest.source_format or "",
                timestamp(manifest.landed_at),
                tuple(self._staging.folder(manifest, rows) for rows in staged),
            )
            for manifest, staged in self._staging.live(self._reading).get(evaluation, [])
        ]

    def assemble(self, evaluation: Evaluation) -> Iterator[pl.DataFrame]:
        """Rows of ``raw_predictions`` of one evaluation, in parts that fit in memory."""
        return predictions(evaluation, self._files_of(evaluation))

    def state(self) -> str:
        """A hash of all that the account says: it changes with any file, row or joined spelling."""
        files = (manifest.accounted for manifest in self._staging.manifests())
        return content_id(*files, *(f"{e.key} {self.fingerprint(e)}" for e in self.evaluations()))

    def account(self) -> Account:
        """What became of every landed file and of every row that is no prediction."""
        return account_of(self._staging, ((e, self._files_of(e)) for e in self.evaluations()))
