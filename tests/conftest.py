"""Fixtures that every test may use: a home of its own, no network, the real data when present."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

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


class Postgres:
    """A real PostgreSQL on loopback, with a database for each test that asks."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._n_databases = 0

    def new_database(self) -> str:
        """The name of an empty database."""
        self._n_databases += 1
        name = f"test_{self._n_databases}"
        engine = sa.create_engine(
            self.url_of("postgres", "postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.execute(sa.text(f"create database {name}"))
        engine.dispose()
        return name

    def url_of(self, database: str, scheme: str = "postgresql") -> str:
        """The URL of a database."""
        return f"{scheme}://errormap:not-asked@127.0.0.1:{self.port}/{database}"


def _programs_of_postgres() -> Path | None:
    """Where PostgreSQL's programs lie; Debian keeps them off the path."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server that ends with the tests; skipped where none is installed."""
    drivers = ("psycopg", "psycopg2", "dagster_postgres")
    if missing := [name for name in drivers if find_spec(name) is None]:
        pytest.skip(f"the extra `postgres` is not installed: {', '.join(missing)}")
    if (programs := _programs_of_postgres()) is None:
        pytest.skip("no PostgreSQL server is installed")
    # The server refuses to run as root; pytest's own folders are closed to all other users.
    user = "nobody" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        if user:
            shutil.chown(folder, user)

        def run(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", f"{folder}/data", *arguments]
            with Path(folder, "log").open("ab") as log:
                subprocess.run(command, check=True, user=user, cwd=folder, stdout=log, stderr=log)

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run("initdb", "-U", "errormap", "--auth=trust", "--no-sync", "--encoding=UTF8")
        run("pg_ctl", "-o", server, "-w", "start")
        yield Postgres(port)
        run("pg_ctl", "-m", "immediate", "stop")
