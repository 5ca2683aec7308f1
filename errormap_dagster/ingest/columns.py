"""Whether the columns of a file are those of predictions, and what to say when they are not."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.interface import REQUIRED


def require_columns(path: Path, found: Sequence[str]) -> None:
    """Make sure that a file has what a prediction needs.

    Raises:
        IngestError: names the file, what is missing, what is there and what it may be called.
    """
    missing = [name for name in REQUIRED if name not in found]
    if not missing:
        return
    guesses = [
        f"{near[0]!r} may be {name!r}"
        for name in missing
        if (near := difflib.get_close_matches(name, found, n=1))
    ]
    hint = f" ({'; '.join(guesses)})" if guesses else ""
    shown = ", ".join(found[:20]) or "none"
    raise IngestError(
        f"{path}: columns {', '.join(missing)} are missing; found: {shown}{hint}. Rename the "
        f"columns to {', '.join(REQUIRED)}, or declare under `mappings` in errormap.yaml which of "
        "them are which."
    )
