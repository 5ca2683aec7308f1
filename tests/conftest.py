"""Fixtures that every test may use: a home of its own, no network, the real data when present."""

import socket
from pathlib import Path
from typing import Any

import pytest

SHARED_PREDICTIONS = Path(__file__).resolve().parents[2] / "shared" / "data" / "predictions"


@pytest.fixture(autouse=True)
def home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for the test, in the environment and nowhere else."""
    home = tmp_path / "home"
    monkeypatch.setenv("ERRORMAP_HOME", str(home))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    return home


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of ours needs the network: a connection elsewhere fails the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        is_local = self.family == socket.AF_UNIX or str(address[0]) in {"127.0.0.1", "::1"}
        assert is_local, f"a test tried to reach {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def predictions_folder() -> Path:
    """The folder of real predictions; the test is skipped where it is not there."""
    if not SHARED_PREDICTIONS.is_dir():
        pytest.skip(f"real predictions are not at {SHARED_PREDICTIONS}")
    return SHARED_PREDICTIONS
