"""Whole runs with a language model judge: over a flaky endpoint, killed at any moment, and down."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analyst import analyst
from errormap_dagster.domain.identity import content_id
from errormap_dagster.errors import JudgeStoppedError
from errormap_dagster.judge.llm.record import CallRecord
from errormap_dagster.paths import demo_dir
from errormap_dagster.project import Project
from errormap_dagster.stages.chain import run_chain
from errormap_dagster.store import Store
from faults import faulty
from responses import Request
from server import JudgeServer

pytestmark = pytest.mark.slow

N_GSM8K_FAILURES = 3_275
BYTE_BY_BYTE = (
    "failures",
    "informative_correct_predictions",
    "judged_errors",
    "taxonomy_categories",
    "category_assignments",
    "failure_ledger",
    "signatures",
)
WITHOUT_TIMES = ("raw_predictions", "taxonomy_versions", "taxonomy_changes")
"""Tables in which each row tells when it was made, and by which run."""
TIMES = ["landed_at", "created_at", "run_id"]
SETTINGS = "judge: {limits: {concurrency: 8, longest_wait_seconds: 0.2}}\n"


def use_judge(monkeypatch: pytest.MonkeyPatch, base_url: str) -> None:
    for name, value in judge_variables(base_url).items():
        monkeypatch.setenv(name, value)


def judge_variables(base_url: str) -> dict[str, str]:
    return {
        "ERRORMAP_JUDGE": "llm",
        "ERRORMAP_JUDGE_MODEL": "judge-model",
        "ERRORMAP_JUDGE_BASE_URL": base_url,
    }


def prompt_hash(request: Request) -> str:
    return content_id(request.system, request.user, length=64)


def recorded(home: Path) -> set[str]:
    """The hashes of the prompts whose good replies are on record."""
    record = CallRecord.open(f"sqlite:///{home / 'judge_calls.sqlite'}")
    hashes = {call.prompt_hash for call in record.rows() if call.status == "ok"}
    record.close()
    return hashes


def results(home: Path) -> dict[str, Any]:
    """The tables as bytes, or as frames where they tell times."""
    store = Store(home / "tables")
    files = {
        str(path.relative_to(home)): path.read_bytes()
        for table in BYTE_BY_BYTE
        for path in sorted((home / "tables" / table).rglob("*.parquet"))
    }
    frames = {
        table: store.read(table).drop(TIMES, strict=False).write_json() for table in WITHOUT_TIMES
    }
    return {**files, **frames}


class CommandLine:
    """``errormap`` over one home, in processes of their own."""

    def __init__(self, home: Path, variables: Mapping[str, str]) -> None:
        self.home = home
        home.mkdir(parents=True)
        (home / "errormap.yaml").write_text(SETTINGS, encoding="utf-8")
        dropped = {"DAGSTER_HOME", "ERRORMAP_HOME", "OPENAI_API_KEY"}
        inherited = {name: value for name, value in os.environ.items() if name not in dropped}
        self._environment = {**inherited, **variables}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command, as the head of a group of processes."""
        program = str(Path(sys.executable).parent / "errormap")
        return subprocess.Popen(
            [program, *arguments, "--home", str(self.home)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environment,
            cwd=self.home,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> str:
        """What a command says; it must succeed."""
        process = self.start(*arguments)
        said, _ = process.communicate()
        assert process.returncode == 0, said
        return said

    def run_killed(self, server: JudgeServer, n_requests: int) -> None:
        """``errormap run``, killed once the endpoint was asked so often."""
        process = self.start("run")
        while server.n_requests < n_requests and process.poll() is None:
            time.sleep(0.002)
        assert process.poll() is None, process.communicate()[0]
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_a_run_killed_at_three_moments_pays_no_reply_twice_and_ends_the_same(
    tmp_path: Path,
) -> None:
    sample = [str(path) for path in demo_dir().iterdir() if path.suffix in {".csv", ".jsonl"}]
    with JudgeServer(latency=0.02) as server:
        variables = judge_variables(server.base_url)
        whole = CommandLine(tmp_path / "whole", variables)
        whole.run("land", *sample)
        whole.run("run")
        n_needed = server.n_requests
        killed = CommandLine(tmp_path / "killed", variables)
        killed.run("land", *sample)
        moments = sorted(random.Random(8).sample(range(5, n_needed - 5), 3))  # noqa: S311 - no secret
        answered: list[tuple[int, set[str]]] = []
        for moment in moments:
            killed.run_killed(server, n_needed + moment + sum(8 for _ in answered))
            answered.append((server.n_requests, recorded(killed.home)))
        killed.run("run")
        asked = [prompt_hash(request) for request in server.requests]
        assert [len(known) for _, known in answered] == sorted(len(k) for _, k in answered)
        assert 0 < len(answered[0][1]) < n_needed
        for n_before, known in answered:
            assert set(asked[n_before:]) & known == set()
        # Only what was under way when a run was killed is asked again.
        assert server.n_requests - 2 * n_needed <= 3 * 8
        n_before = server.n_requests
        killed.run("run")
        assert server.n_requests == n_before
    assert results(killed.home) == results(whole.home)


def test_a_flaky_endpoint_costs_no_diagnosis_and_no_needless_call(
    predictions_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = faulty({429: 0.03, 500: 0.02}, broken_json=0.02, then=analyst, seed=5)
    (tmp_path / "errormap.yaml").write_text(
        "judge: {limits: {concurrency: 64, longest_wait_seconds: 0.5}}\n", encoding="utf-8"
    )
    with JudgeServer(script) as server:
        use_judge(monkeypatch, server.base_url)
        project = Project.open(tmp_path)
        run_chain(project, [predictions_folder / "gsm8k_openai.csv.gz"])
        project.close()
        n_needed = len({prompt_hash(request) for request in server.requests})
        n_requests = server.n_requests
    judged = project.store.read("judged_errors")
    assert judged.height == N_GSM8K_FAILURES
    assert judged.filter(pl.col("outcome") == "judge_failed").height == 0
    calls = project.store.read("judge_calls")
    assert calls["status"].unique().to_list() == ["ok"]
    assert calls.height == n_needed
    assert n_requests == calls["attempts"].sum() == n_needed + script.n_injected
    assert script.n_injected <= 0.09 * n_needed


def test_an_endpoint_that_is_down_is_told_once_and_nothing_is_written_as_judged(
    predictions_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        use_judge(monkeypatch, f"http://127.0.0.1:{free.getsockname()[1]}/v1")
    project = Project.open(tmp_path)
    started = time.monotonic()
    with pytest.raises(JudgeStoppedError, match="no connection to the endpoint"):
        run_chain(project, [predictions_folder / "gsm8k_openai.csv.gz"])
    assert time.monotonic() - started < 60
    assert project.store.read("judged_errors").height == 0
