"""The zip of an Inspect log, read member by member and never unpacked to disk.

Members are deflated or, since 2026, compressed with zstd (method 93, in several frames), which
Python's ``zipfile`` knows from 3.14 on only; pyarrow, which is here anyway, decompresses them.
"""

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Self

import pyarrow as pa

from errormap_dagster.errors import IngestError

LARGEST_MEMBER_BYTES = 256 * 2**20
"""A member that expands to more is no sample of anything."""
_MAGIC = b"PK\x03\x04"
_ZSTANDARD = 93
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_HEADERS = ("header.json", "_journal/start.json")
_SAMPLES = "samples/"
_SUMMARIES = ("summaries.json", "_journal/summaries/")


def is_archive(path: Path) -> bool:
    """Whether a file is a zip that holds what an Inspect log holds."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(info.filename in _HEADERS for info in archive.infolist())
    except (zipfile.BadZipFile, OSError, UnicodeDecodeError, NotImplementedError):
        return False


class Archive:
    """An open log.

    Raises:
        IngestError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: set[tuple[str, str]] = set()

    def __enter__(self) -> Self:
        try:
            self._zip = zipfile.ZipFile(self._path)
        except (zipfile.BadZipFile, OSError) as error:
            raise IngestError(f"{self._path}: is no complete zip: {error}.") from error
        # The last of several members of one name counts: Inspect appends corrections.
        self._members = {info.filename: info for info in self._zip.infolist()}
        self._file: BinaryIO = self._path.open("rb")
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    def header(self) -> Mapping[str, Any]:
        """What the log says of the run; a run that crashed has said it at its start only."""
        found = next((name for name in _HEADERS if name in self._members), None)
        value = self._json(found) if found else None
        if not isinstance(value, Mapping):
            raise IngestError(f"{self._path}: is a log of Inspect without a header.")
        return value

    def samples(self) -> Iterator[Mapping[str, Any]]:
        """The samples in the order of the zip."""
        for name in self._members:
            if name.startswith(_SAMPLES) and name.endswith(".json"):
                sample = self._json(name)
                if not isinstance(sample, Mapping):
                    raise self._broken(name, "is no JSON object")
                self._seen.add(_key(sample))
                yield sample

    def only_summarised(self) -> Iterator[Mapping[str, Any]]:
        """Summaries of samples that are not there themselves, after ``samples`` was read."""
        for name in self._members:
            if name.startswith(_SUMMARIES):
                summaries = self._json(name)
                for summary in summaries if isinstance(summaries, list) else ():
                    if _key(summary) not in self._seen:
                        self._seen.add(_key(summary))
                        yield summary

    def _json(self, name: str) -> Any:
        try:
            return json.loads(self._bytes(self._members[name]))
        except (ValueError, RecursionError) as error:
            raise self._broken(name, f"is no JSON: {error}") from error

    def _bytes(self, info: zipfile.ZipInfo) -> bytes:
        if info.file_size > LARGEST_MEMBER_BYTES:
            raise self._broken(
                info.filename, f"expands to more than {LARGEST_MEMBER_BYTES:,} bytes"
            )
        try:
            with self._stream(info) as stream:
                # Sizes are what a zip says of itself; one byte more tells whether it lies.
                content = stream.read(info.file_size + 1)
        except (zipfile.BadZipFile, OSError, EOFError, zlib.error, NotImplementedError) as error:
            raise self._broken(info.filename, f"cannot be read: {error}") from error
        if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
            raise self._broken(info.filename, "is not what the zip says it is")
        return content

    def _stream(self, info: zipfile.ZipInfo) -> Any:
        if info.compress_type != _ZSTANDARD:
            return self._zip.open(info)
        self._file.seek(info.header_offset)
        magic, n_name, n_extra = _LOCAL_HEADER.unpack(self._file.read(_LOCAL_HEADER.size))
        if magic != _MAGIC:
            raise zipfile.BadZipFile("its place in the zip is wrong")
        self._file.seek(n_name + n_extra, 1)
        return pa.CompressedInputStream(
            pa.BufferReader(self._file.read(info.compress_size)), "zstd"
        )

    def _broken(self, name: str, why: str) -> IngestError:
        return IngestError(f"{self._path}: member {name[:200]!r} {why}. Copy the log again.")


def _key(sample: Mapping[str, Any]) -> tuple[str, str]:
    return str(sample.get("id")), str(sample.get("epoch"))
