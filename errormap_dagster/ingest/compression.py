"""Looking at the start of a file, compressed or not."""

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO, cast

_GZIP_MAGIC = b"\x1f\x8b"
_HEAD_BYTES = 65_536


def is_gzip(path: Path) -> bool:
    """Whether the file's first bytes are those of gzip."""
    with path.open("rb") as file:
        return file.read(2) == _GZIP_MAGIC


def open_bytes(path: Path) -> BinaryIO:
    """The file's content for reading, decompressed."""
    return cast("BinaryIO", gzip.open(path, "rb")) if is_gzip(path) else path.open("rb")


def head_of(path: Path) -> bytes:
    """The first bytes of the file's content; none when it cannot be decompressed."""
    try:
        with open_bytes(path) as file:
            return file.read(_HEAD_BYTES)
    except (OSError, EOFError, zlib.error):
        return b""
