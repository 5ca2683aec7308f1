"""Dagster's daemon and code server over a home, as ``errormap dev`` starts them, without pages."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from errormap_dagster.paths import workspace_file
from errormap_dagster.project import Project

PATIENCE_SECONDS = 420
Row = dict[str, Any]


def _prediction(model: str, number: int, *, is_correct: bool) -> Row:
    """A word problem; a wrong answer miscalculates its last step."""
    right = (number + 2) * 3
    shown = right if is_correct else right + 1
    return {
        "example_id": f"q{number}",
        "dataset": "sums",
        "model": model,
        "input_text": f"Ann has {number} apples and gets 2. Each costs 3. What do they cost?",
        "output_text": f"She has {number} + 2 = {number + 2} apples.\n"
        f"They cost {number + 2} * 3 = {shown}.\nThe answer is {shown}.",
        "correct_answer": str(right),
        "score": float(is_correct),
    }


class Live:
    """A home that is worked on by processes of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "landing").mkdir(parents=True)

    @property
    def project(self) -> Project:
        """The home as it is now."""
        return Project.open(self.home)

    def settings(self, text: str) -> None:
        """Write ``errormap.yaml``."""
        (self.home / "errormap.yaml").write_text(text, encoding="utf-8")

    def write(self, name: str, *models: str, n_rows: int = 12, n_wrong: int = 4) -> Path:
        """A file in the landing folder; the first rows of each model are wrong."""
        rows = [_prediction(m, n, is_correct=n >= n_wrong) for m in models for n in range(n_rows)]
        path = self.home / "landing" / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    def tables(self, *names: str) -> dict[str, bytes]:
        """The bytes of the files of these tables."""
        folders = [self.home / "tables" / name for name in names]
        paths = [path for folder in folders for path in folder.rglob("part.parquet")]
        return {str(path.relative_to(self.home)): path.read_bytes() for path in paths}

    def signatures(self) -> set[str]:
        """The models that stand in ``rpt_failure_signatures``."""
        warehouse = self.home / "warehouse.duckdb"
        if not warehouse.exists():
            return set()
        with duckdb.connect(str(warehouse), read_only=True) as opened:
            rows = opened.execute("select distinct model from rpt_failure_signatures").fetchall()
        return {row[0] for row in rows}

    def wait_for(self, what: str, is_there: Callable[[], Any]) -> Any:
        """Ask until the answer is true; the test fails when patience ends."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if answer := is_there():
                return answer
            time.sleep(0.5)
        log = self.home / "daemon.log"
        pytest.fail(f"never came: {what}\n{log.read_text()[-3000:] if log.exists() else ''}")

    def errormap(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start the command line over the home."""
        command = [str(Path(sys.executable).parent / "errormap"), *arguments]
        return subprocess.Popen(
            [*command, "--home", str(self.home)],
            cwd=self.home,
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def daemon(self, **variables: str) -> Generator[dg.DagsterInstance]:
        """Dagster's daemon and code server over the home; nothing of them outlives the block."""
        dagster_home = self.project.home.dagster
        environment = {**os.environ, "DAGSTER_HOME": str(dagster_home), **variables}
        command = [
            *(str(Path(sys.executable).parent / "dagster-daemon"), "run"),
            *("--workspace", str(workspace_file())),
        ]
        with (self.home / "daemon.log").open("w") as out:
            running = subprocess.Popen(
                command, cwd=self.home, env=environment, stdout=out, stderr=out, process_group=0
            )
            try:
                with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
                    yield instance
            finally:
                os.killpg(running.pid, signal.SIGINT)
                try:
                    running.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    os.killpg(running.pid, signal.SIGKILL)


@pytest.fixture
def live(home_folder: Path) -> Live:
    """An empty home for processes of their own."""
    return Live(home_folder)


class Webhook:
    """A loopback server that takes alerts."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        received = self.texts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append(json.loads(body)["text"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/services/T0/B0/secret"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """A webhook that keeps what it is sent."""
    server = Webhook()
    yield server
    server.close()
