"""A landing over an empty folder, and files of predictions to land."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from errormap_dagster.ingest.choices import DEFAULTS, Choice, Reading
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


@dataclass
class Landed:
    """What became of landed files, as a test wants to read it."""

    landing: Landing

    @property
    def rows(self) -> list[Row]:
        """The predictions, by evaluation, example and trial."""
        evaluations = self.landing.evaluations()
        parts = [part for e in evaluations for part in self.landing.assemble(e)]
        order = ["dataset", "model", "example_id", "trial"]
        return pl.concat(parts).sort(order).to_dicts() if parts else []

    @property
    def only(self) -> Row:
        """The one prediction that there is."""
        (row,) = self.rows
        return row

    @property
    def refused(self) -> list[tuple[int, str]]:
        """Number and reason of each quarantined row."""
        return self.landing.account().quarantined_rows.select("row_number", "reason").rows()

    @property
    def details(self) -> str:
        """Everything that is said of files and rows."""
        account = self.landing.account()
        told = [*account.landed_files["detail"], *account.quarantined_rows["detail"]]
        return "\n".join(text for text in told if text)

    @property
    def files(self) -> dict[str, Row]:
        """The landed files by the end of their name."""
        files = self.landing.account().landed_files.to_dicts()
        return {file["source_uri"].rsplit("/", 1)[-1]: file for file in files}

    @property
    def choice(self) -> Choice:
        """The one choice that was made."""
        ((_, choice),) = set(self.landing.choices())
        return choice

    def adds_up(self) -> bool:
        """Whether every row of every file is kept, quarantined, a duplicate or passed over."""
        parts = ("n_kept", "n_quarantined", "n_duplicates", "n_passed_over")
        return all(f["n_rows"] == sum(f[part] for part in parts) for f in self.files.values())


@pytest.fixture
def land(tmp_path: Path) -> Callable[..., Landed]:
    """Lands files by some settings, in a landing of its own that a second call goes on with."""
    for name in ("staging_of_logs", "landing_of_logs"):
        (tmp_path / name).mkdir()

    def landed(*paths: Path, reading: Reading = DEFAULTS, named: str | None = None) -> Landed:
        landing = Landing(
            tmp_path / "staging_of_logs",
            tmp_path / "landing_of_logs",
            clock=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            reading=reading,
        )
        landing.add(list(paths), named)
        return Landed(landing)

    return landed


@pytest.fixture
def write_json(tmp_path: Path) -> Callable[[str, Any], Path]:
    """Writes a value as a JSON document under a name; NaN and Infinity as they are."""

    def write(name: str, value: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value), encoding="utf-8")
        return path

    return write
