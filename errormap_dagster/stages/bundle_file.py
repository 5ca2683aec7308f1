"""The file of a replay bundle: a zip archive with a manifest, the same bytes for the same content.

Every file in it stands in the manifest with its size and its SHA-256, and nothing is read that
does not. What the files mean is told by ``bundle.py``.
"""

import hashlib
import json
import re
import uuid
import zipfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from errormap_dagster.errors import BundleError

FORMAT: Final = "errormap-replay-bundle"
VERSION: Final = 1
_MANIFEST: Final = "manifest.json"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_CHUNK: Final = 2**20
_NAME: Final = re.compile(r"^[a-z0-9_]+(/[a-z0-9_]+){0,3}\.(json|jsonl|parquet|csv)$")
_REMEDY: Final = "Get the bundle again from where it came, or make it anew with `errormap bundle`."


class BundleWriter:
    """Adds files to a bundle; the manifest comes last, when all of them are known."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._files: dict[str, dict[str, object]] = {}

    def add(self, name: str, content: bytes | Path | Iterator[bytes]) -> None:
        """Add a file, in small parts where it is large."""
        parts = content if isinstance(content, Iterator) else _parts(content)
        digest, n_bytes = hashlib.sha256(), 0
        with self._archive.open(_entry(name), "w", force_zip64=True) as file:
            for part in parts:
                digest.update(part)
                n_bytes += len(part)
                file.write(part)
        self._files[name] = {"sha256": digest.hexdigest(), "n_bytes": n_bytes}

    def close(self, manifest: Mapping[str, object]) -> None:
        """Write the manifest."""
        told = {"format": FORMAT, "version": VERSION, **manifest, "files": self._files}
        text = json.dumps(told, sort_keys=True, ensure_ascii=False, indent=1)
        self._archive.writestr(_entry(_MANIFEST), text.encode())


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _parts(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while part := file.read(_CHUNK):
            yield part


@contextmanager
def bundle_writer(path: Path) -> Generator[BundleWriter]:
    """A bundle to be written, all of it or nothing.

    Raises:
        BundleError: the folder does not exist.
    """
    if not path.parent.is_dir():
        raise BundleError(f"{path}: the folder {path.parent} does not exist. Make it first.")
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with zipfile.ZipFile(beside, "w") as archive:
            yield BundleWriter(archive)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


class Bundle:
    """A bundle to be read: its manifest, and its files by name."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, manifest: Mapping[str, Any]) -> None:
        self.path = path
        self.manifest = manifest
        self._archive = archive

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Generator[Self]:
        """Open a bundle and hold every file in it against the manifest.

        Raises:
            BundleError: the file is no bundle, of another version, or damaged.
        """
        if not path.is_file():
            raise BundleError(f"{path}: does not exist. Name a file that `errormap bundle` wrote.")
        try:
            with zipfile.ZipFile(path) as archive:
                bundle = cls(path, archive, _manifest(path, archive))
                bundle.check()
                yield bundle
        except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
            raise BundleError(f"{path}: cannot be read as a bundle ({error}). {_REMEDY}") from error

    def names(self, folder: str = "") -> list[str]:
        """The names of the files below a folder, sorted."""
        return sorted(name for name in self.manifest["files"] if name.startswith(folder))

    def check(self) -> None:
        """Read every file once.

        Raises:
            BundleError: one is missing, or not what the manifest says.
        """
        present = set(self._archive.namelist()) - {_MANIFEST}
        for name, told in self.manifest["files"].items():
            if not _NAME.match(name):
                raise BundleError(
                    f"{self.path}: holds a file named {name!r}, which is no bundle's."
                )
            if name not in present:
                raise BundleError(f"{self.path}: {name} is missing in it. {_REMEDY}")
            digest, n_left = hashlib.sha256(), int(told["n_bytes"])
            for part in self.parts(name):
                digest.update(part)
                n_left -= len(part)
                if n_left < 0:
                    break
            if n_left or digest.hexdigest() != told["sha256"]:
                raise BundleError(f"{self.path}: {name} is damaged or was changed. {_REMEDY}")

    def parts(self, name: str) -> Iterator[bytes]:
        """The content of a file, in small parts."""
        try:
            with self._archive.open(name) as file:
                while part := file.read(_CHUNK):
                    yield part
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise BundleError(f"{self.path}: {name} is damaged ({error}). {_REMEDY}") from error
        except Exception as error:
            # zlib and zipfile raise many kinds for bytes that somebody changed.
            raise BundleError(f"{self.path}: {name} cannot be read ({error}). {_REMEDY}") from error

    def document(self, name: str) -> Any:
        """A file of JSON."""
        return json.loads(b"".join(self.parts(name)))

    def lines(self, name: str) -> Iterator[str]:
        """The lines of a file, one by one."""
        rest = b""
        for part in self.parts(name):
            *whole, rest = (rest + part).split(b"\n")
            yield from (line.decode() for line in whole)
        if rest:
            yield rest.decode()

    def write_to(self, name: str, path: Path) -> None:
        """Write a file out, to a place that is not taken from the bundle."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for part in self.parts(name):
                file.write(part)


def _manifest(path: Path, archive: zipfile.ZipFile) -> Mapping[str, Any]:
    foreign = f"{path}: is no replay bundle. Name a file that `errormap bundle` wrote."
    try:
        manifest = json.loads(archive.read(_MANIFEST))
    except (KeyError, ValueError) as error:
        raise BundleError(foreign) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError(foreign)
    if manifest.get("version") != VERSION:
        raise BundleError(
            f"{path}: is a bundle of version {manifest.get('version')}, this package reads version "
            f"{VERSION}. Install errormap-dagster {manifest.get('package')}, which wrote it."
        )
    if not isinstance(manifest.get("files"), dict):
        raise BundleError(foreign)
    return manifest
