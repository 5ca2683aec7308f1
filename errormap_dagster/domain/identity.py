"""Ids and draws that follow from content alone, never from position, title or time."""

import hashlib
import struct
import unicodedata
from collections.abc import Sequence

import polars as pl

Part = str | int | float | bool | None
_FULL_LENGTH = 64


def _encode(part: Part) -> bytes:
    """A tagged, length-prefixed form: no two different lists of parts encode alike."""
    match part:
        case None:
            tag, body = b"n", b""
        case bool():
            tag, body = b"b", bytes([part])
        case int():
            tag, body = b"i", str(part).encode()
        case float():
            tag, body = b"f", struct.pack(">d", part)
        case str():
            tag, body = b"s", part.encode("utf-8")
    return tag + len(body).to_bytes(8, "big") + body


def content_id(*parts: Part, length: int = 32) -> str:
    """SHA-256 over the parts as ``length`` hexadecimal digits (at most 64).

    None, "" and "None" are three different parts, as are 1, 1.0 and "1".
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(_encode(part))
    return digest.hexdigest()[: min(length, _FULL_LENGTH)]


def content_ids(frame: pl.DataFrame, columns: Sequence[str], length: int = 32) -> pl.Series:
    """The ``content_id`` of some columns, row by row, as a text series."""
    rows = frame.select(columns).iter_rows()
    return pl.Series("content_id", [content_id(*row, length=length) for row in rows], pl.String)


def example_hash(question: str | None, reference: str | None) -> str | None:
    """A hash of an example that is the same in any run of any harness; None without a question.

    Letter case, white space and forms of Unicode that read alike do not count.
    """
    if question is None or not question.strip():
        return None
    return content_id(_plain(question), _plain(reference or ""), length=_FULL_LENGTH)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def hash_fraction(seed: int, key: str) -> float:
    """A number in [0, 1) that depends on the seed and the key alone, spread evenly."""
    digest = hashlib.sha256(_encode(seed) + _encode(key)).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
