"""From files to signatures by batch: the tables are those of the ordinary lane."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from batch_api import BatchApi, Ending
from errormap_dagster.errors import JudgeWaitingError
from errormap_dagster.paths import demo_dir
from errormap_dagster.project import Project
from errormap_dagster.stages.chain import run_chain
from server import JudgeServer

FILES = [demo_dir() / "instructions.jsonl", demo_dir() / "multiple_choice.jsonl"]


def project(home: Path, server: JudgeServer, **judge: Any) -> Project:
    """A home whose judge is the scripted endpoint."""
    chosen = {"kind": "llm", "model": "judge-model", "base_url": server.base_url, **judge}
    home.mkdir(exist_ok=True)
    # JSON is YAML.
    (home / "errormap.yaml").write_text(json.dumps({"judge": chosen}), encoding="utf-8")
    return Project.open(home)


def tables(opened: Project) -> dict[str, str]:
    """Hashes of the files of all tables but those that tell of the lane and of times."""
    names = {
        *("failures", "judged_errors", "taxonomy_categories"),
        *("category_assignments", "failure_ledger", "signatures"),
    }
    root = opened.home.tables
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*.parquet"))
        if path.relative_to(root).parts[0] in names
    }


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The tables of the ordinary lane."""
    with JudgeServer() as server:
        opened = project(tmp_path_factory.mktemp("ordinary"), server)
        run_chain(opened, FILES)
    return tables(opened)


def test_the_tables_are_byte_identical_in_both_lanes(
    ordinary: dict[str, str], tmp_path: Path
) -> None:
    api = BatchApi(endings=[Ending("expired", n_answered=20)])
    batch = {"calls_per_batch": 40, "poll_seconds": 0.01}
    with JudgeServer(batches=api) as server:
        opened = project(tmp_path, server, lane="batch", batch=batch)
        run_chain(opened, FILES)
        asked = [request.body for request in server.requests]
    assert len(ordinary) > 10
    assert tables(opened) == ordinary
    assert max(api.n_carried_out.values()) == 1
    stages = {row["stage"] for row in opened.store.read("judge_calls").iter_rows(named=True)}
    assert {"analyse", "classify"} < stages
    # The induction asks in the ordinary lane; no failure is read there.
    assert asked
    assert not any("criteria" in str(body.get("response_format")) for body in asked)


def test_nightly_runs_that_do_not_wait_end_with_the_same_tables(
    ordinary: dict[str, str], tmp_path: Path
) -> None:
    api = BatchApi(n_polls=2)
    with JudgeServer(batches=api) as server:
        opened = project(tmp_path, server, lane="batch", batch={"wait_hours": 0})
        # The failures are out after the first night, their errors after the second.
        for _ in range(2):
            with pytest.raises(JudgeWaitingError, match="run again to collect"):
                run_chain(Project.open(tmp_path), FILES)
        run_chain(Project.open(tmp_path), FILES)
    assert tables(opened) == ordinary
    assert max(api.n_carried_out.values()) == 1
