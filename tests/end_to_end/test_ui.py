"""The Dagster UI and daemon over a home, driven through the UI's own GraphQL."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from errormap_dagster.paths import demo_dir
from errormap_dagster.store import Store

_PATIENCE_SECONDS = 240
LAUNCH = """
mutation($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { id } } ... on PythonError { message }
  }
}"""
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
PARTITIONS = """
{ assetNodeOrError(assetKey: {path: ["raw_predictions"]}) { ... on AssetNode { partitionKeys } } }
"""
CHECKS = """
{ assetNodes { assetKey { path } assetChecksOrError { ... on AssetChecks { checks {
  name executionForLatestMaterialization { status } } } } } }
"""


class Ui:
    """The UI's API."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/graphql"

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """Ask a question; errors of GraphQL fail the test."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})  # noqa: S310 - our own server
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own server
            told = json.load(answer)
        assert "errors" not in told, told
        return told["data"]

    def wait_until_open(self) -> None:
        """Wait for the server and its code location."""
        for _ in range(_PATIENCE_SECONDS):
            try:
                if self.ask("{ assetNodes { id } }")["assetNodes"]:
                    return
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(1)
        pytest.fail("the UI did not open")

    def run(self, job: str, tags: dict[str, str]) -> str:
        """Launch a job as the UI does and wait for its end; the status it ended with."""
        selector = {
            "repositoryName": "__repository__",
            "repositoryLocationName": "errormap",
            "pipelineName": job,
        }
        told = [{"key": key, "value": value} for key, value in tags.items()]
        params = {"selector": selector, "mode": "default", "executionMetadata": {"tags": told}}
        launched = self.ask(LAUNCH, params=params)["launchPipelineExecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        status = "QUEUED"
        for _ in range(_PATIENCE_SECONDS):
            status = self.ask(STATUS, id=launched["run"]["id"])["runOrError"]["status"]
            if status in {"SUCCESS", "FAILURE", "CANCELED"}:
                break
            time.sleep(1)
        return status


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def processes_of(group: int) -> list[str]:
    """The commands of a group of processes that are still at work after some patience."""
    listed: list[str] = []
    for _ in range(20):
        told = subprocess.run(
            [shutil.which("ps") or "ps", "-eo", "pgid=,stat=,args="],
            check=True,
            capture_output=True,
            text=True,
        )
        rows = [line.split(maxsplit=2) for line in told.stdout.splitlines()]
        listed = [" ".join(row[2:]) for row in rows if row[0] == str(group) and row[1][0] != "Z"]
        if not listed:
            break
        time.sleep(0.5)
    return listed


@pytest.fixture
def ui(home_folder: Path) -> Iterator[Ui]:
    (home_folder / "landing").mkdir(parents=True)
    for path in demo_dir().glob("word_problems.csv"):
        shutil.copy(path, home_folder / "landing")
    port = free_port()
    command = [str(Path(sys.executable).parent / "errormap"), "dev", "--port", str(port)]
    with (home_folder / "dev.log").open("w") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, env=os.environ.copy(), start_new_session=True
        )
    try:
        opened = Ui(port)
        opened.wait_until_open()
        yield opened
    finally:
        # As a service manager ends it: the one process, which ends what it has started.
        server.terminate()
        try:
            server.wait(timeout=60)
            assert processes_of(server.pid) == []
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


def test_everything_is_materialized_from_the_ui(ui: Ui, home_folder: Path) -> None:
    assert ui.run("land", {}) == "SUCCESS"
    keys = ui.ask(PARTITIONS)["assetNodeOrError"]["partitionKeys"]
    assert len(keys) == 5
    all_of_them = {
        "dagster/asset_partition_range_start": keys[0],
        "dagster/asset_partition_range_end": keys[-1],
    }
    assert ui.run("everything", all_of_them) == "SUCCESS"
    assert Store(home_folder / "tables").read("failure_ledger").height == 31
    assert (home_folder / "warehouse.duckdb").exists()
    latest = {
        (node["assetKey"]["path"][-1], check["name"]): check["executionForLatestMaterialization"]
        for node in ui.ask(CHECKS)["assetNodes"]
        for check in node["assetChecksOrError"].get("checks", [])
    }
    assert latest["failure_ledger", "every_failure_is_accounted_for"]["status"] == "SUCCEEDED"
    assert {told["status"] for told in latest.values() if told} == {"SUCCEEDED"}
