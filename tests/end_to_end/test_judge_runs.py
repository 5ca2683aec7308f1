"""Whole runs with a language model judge: over a flaky endpoint, killed at any moment, and down."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
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
CONCURRENCY = 8
SETTINGS = f"judge: {{limits: {{concurrency: {CONCURRENCY}}}}}\n"


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


ERRORMAP_RUN = (str(Path(sys.executable).parent / "errormap"), "run")
CHAIN = """
import sys
from errormap_dagster.project import Project
from errormap_dagster.stages.chain import run_chain
if __name__ == "__main__":
    run_chain(Project.open(sys.argv[2]))
"""
"""As a script of somebody runs it: without Dagster, and started in a tenth of the time."""


class Killable:
    """Runs over one home, in processes of their own."""

    def __init__(self, home: Path, base_url: str) -> None:
        self.home = home
        dropped = {"DAGSTER_HOME", "ERRORMAP_HOME", "OPENAI_API_KEY"}
        inherited = {name: value for name, value in os.environ.items() if name not in dropped}
        self._environment = {**inherited, **judge_variables(base_url)}

    def _start(self, *program: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*program, "--home", str(self.home)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environment,
            cwd=self.home,
            start_new_session=True,
        )

    def run(self) -> None:
        """A run to its end; it must succeed."""
        process = self._start(*ERRORMAP_RUN)
        said, _ = process.communicate()
        assert process.returncode == 0, said

    def run_killed(self, server: JudgeServer, n_requests: int, *program: str) -> None:
        """A run, killed with all that it has started once the endpoint was asked so often."""
        process = self._start(*program)
        while server.n_requests < n_requests and process.poll() is None:
            time.sleep(0.002)
        assert process.poll() is None, process.communicate()[0]
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def home_with_sample(home: Path) -> Path:
    """A home with the sample in its landing folder."""
    (home / "landing").mkdir(parents=True)
    (home / "errormap.yaml").write_text(SETTINGS, encoding="utf-8")
    for path in demo_dir().iterdir():
        if path.suffix in {".csv", ".jsonl"}:
            shutil.copy(path, home / "landing")
    return home


@pytest.mark.timeout(1800)
def test_a_run_killed_at_three_moments_pays_no_reply_twice_and_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, killed = (home_with_sample(tmp_path / name) for name in ("whole", "killed"))
    script = tmp_path / "chain.py"
    script.write_text(CHAIN, encoding="utf-8")
    with JudgeServer(latency=0.02) as server:
        use_judge(monkeypatch, server.base_url)
        run_chain(Project.open(whole))
        n_needed = server.n_requests
        runs = Killable(killed, server.base_url)
        moments = sorted(random.Random(8).sample(range(5, n_needed - 5), 3))  # noqa: S311 - no secret
        at_kills: list[tuple[int, set[str]]] = []
        programs = ((sys.executable, str(script)), (sys.executable, str(script)), ERRORMAP_RUN)
        for n_killed, (moment, program) in enumerate(zip(moments, programs, strict=True)):
            runs.run_killed(server, n_needed + moment + n_killed * CONCURRENCY, *program)
            at_kills.append((server.n_requests, recorded(killed)))
        runs.run()
        asked = [prompt_hash(request) for request in server.requests]
        n_asked = server.n_requests
        run_chain(Project.open(killed))
        assert server.n_requests == n_asked
    n_known = [len(known) for _, known in at_kills]
    assert 0 < n_known[0] < n_known[1] < n_known[2] < n_needed
    for n_before, known in at_kills:
        assert set(asked[n_before:]) & known == set()
    # Only what was under way when a run was killed is asked again.
    assert n_needed <= n_asked - n_needed <= n_needed + 3 * CONCURRENCY
    assert results(killed) == results(whole)


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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        use_judge(monkeypatch, f"http://127.0.0.1:{free.getsockname()[1]}/v1")
    home = home_with_sample(tmp_path / "home")
    with pytest.raises(JudgeStoppedError, match="no connection to the endpoint"):
        run_chain(Project.open(home))
    written = (home / "tables" / "judged_errors").rglob("*.parquet")
    assert [path.name for path in written if not path.name.startswith("_")] == []
