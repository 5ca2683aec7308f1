"""Landing folders that are URLs: what is new there is fetched into the home's own landing folder.

Whatever fsspec reads can be such a folder (``s3://``, ``gs://``, ``abfs://``, ``file://``, ...).
Keys come from the environment, as each of its file systems documents. A fetched file keeps its path
below the folder and is from then on a landed file like any other.
"""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import quote

import fsspec

from errormap_dagster.domain.identity import content_id
from errormap_dagster.errors import IngestError

_TIMES = ("mtime", "LastModified", "last_modified", "updated", "created")
_VERSIONS = ("ETag", "etag", "generation", "md5Hash", "checksum")
_NS = 10**9
_INDEX = ".fetched.json"


class RemoteFile(NamedTuple):
    """A file below a URL: its path, and a size and a number that differ when its content does."""

    path: str
    n_bytes: int
    version: int


def _version(entry: Mapping[str, Any]) -> int:
    """The time of change in nanoseconds; where a store tells none, a number for its version."""
    for key in _TIMES:
        value = entry.get(key)
        if isinstance(value, datetime):
            return int(value.timestamp() * _NS)
        if isinstance(value, int | float):
            return int(value * _NS)
    told = [str(entry[key]) for key in _VERSIONS if entry.get(key)]
    return int(content_id(*told, length=15), 16)


class RemoteFolder:
    """All files below one URL, and the folder below the landing folder that they go to."""

    def __init__(self, url: str, landing: Path) -> None:
        """Name the folder; nothing is opened yet.

        Args:
            url: of the folder, with its protocol.
            landing: the home's landing folder.
        """
        self._url = url.rstrip("/")
        protocol, _, path = self._url.partition("://")
        # A step of dots alone would lead out of the landing folder.
        steps = [quote(s, safe=" ()@+,=") for s in path.split("/") if s.strip(".")]
        self._folder = landing.joinpath(protocol, *steps)

    def __str__(self) -> str:
        return self._url

    def new_files(self) -> list[RemoteFile]:
        """The files that were never fetched, or not as they are now, sorted.

        Raises:
            IngestError: the URL cannot be read.
        """
        fetched = self._index()
        return [file for file in self._files() if fetched.get(file.path) != list(file[1:])]

    def _files(self) -> list[RemoteFile]:
        try:
            system, root = fsspec.url_to_fs(self._url)
            system.invalidate_cache()
            found: dict[str, Any] = system.find(root, detail=True)
        except (OSError, ValueError, ImportError) as error:
            raise IngestError(
                f"{self._url}: cannot be read ({type(error).__name__}: {error}). Check "
                "landing.urls in errormap.yaml, the keys in the environment, and that fsspec's "
                "package for this kind of URL is installed."
            ) from error
        top = PurePosixPath(root)
        below = {PurePosixPath(path).relative_to(top): entry for path, entry in found.items()}
        return sorted(
            RemoteFile(path.as_posix(), int(entry.get("size") or 0), _version(entry))
            for path, entry in below.items()
            if not any(step.startswith((".", "_")) for step in path.parts)
        )

    def url_of(self, file: RemoteFile) -> str:
        """The whole URL of a file."""
        return f"{self._url}/{file.path}"

    def fetch(self, file: RemoteFile) -> Path:
        """Bring a file here, whole or not at all; where it lies now.

        Raises:
            OSError: it cannot be fetched.
        """
        target = self._folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
        system, root = fsspec.url_to_fs(self._url)
        try:
            system.get_file(f"{root.rstrip('/')}/{file.path}", str(beside))
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        index = self._index() | {file.path: list(file[1:])}
        (self._folder / _INDEX).write_text(json.dumps(index, indent=0), encoding="utf-8")
        return target

    def _index(self) -> dict[str, list[int]]:
        path = self._folder / _INDEX
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
