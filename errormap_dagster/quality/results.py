"""Findings of checks as small frames that the UI can show."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl


def as_frame(found: Sequence[NamedTuple]) -> pl.DataFrame:
    """One row per finding, one text column per field; no columns when nothing was found."""
    return pl.DataFrame([{k: str(v) for k, v in row._asdict().items()} for row in found])
