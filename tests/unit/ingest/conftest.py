"""A landing over an empty folder, and files of predictions to land."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from errormap_dagster.ingest.landing import Landing

Row = dict[str, Any]
WriteJsonl = Callable[[str, Sequence[Row]], Path]


@pytest.fixture
def prediction() -> Callable[..., Row]:
    """Makes a usable prediction, with some values replaced."""

    def made(**values: object) -> Row:
        usual = {"example_id": "e1", "model": "m", "input_text": "How many?", "score": 0}
        return {**usual, "output_text": "Four.", **values}

    return made


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """A landing whose clock stands still."""
    for name in ("staging", "landing"):
        (tmp_path / name).mkdir()
    return Landing(
        tmp_path / "staging",
        tmp_path / "landing",
        clock=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )


@pytest.fixture
def write_jsonl(tmp_path: Path) -> WriteJsonl:
    """Writes rows as JSON Lines under a name."""

    def write(name: str, rows: Sequence[Row]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return write
