"""Two refreshes at once, readers during a refresh, and one evaluation that cannot be made."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from errormap_dagster.errors import IncompleteError
from errormap_dagster.paths import workspace_file
from errormap_dagster.stages.chain import run_chain

pytestmark = pytest.mark.slow
BY_EVALUATION = ("raw_predictions", "failures", "judged_errors", "category_assignments")
RESULTS = ("evaluations", "failure_ledger", "signatures")
MODELS = "select distinct model from rpt_failure_signatures order by model"
IN_ANOTHER_PROCESS = f"""
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as opened:
    print([row[0] for row in opened.execute("{MODELS}").fetchall()])
"""


def finished(process: subprocess.Popen[str]) -> str:
    """What a command has said; the test fails when it did."""
    out, err = process.communicate(timeout=400)
    assert process.returncode == 0, out + err
    return out + err


def models_now(home: Path) -> str:
    """The models of the warehouse, for a reader that comes new."""
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(home / "warehouse.duckdb")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def failures_read(instance: dg.DagsterInstance) -> list[int]:
    """How many failures the judge read in each run."""
    events = instance.fetch_materializations(dg.AssetKey("judged_errors"), limit=100).records
    told = [e.asset_materialization.metadata for e in events if e.asset_materialization]
    return sorted({int(str(m["n_failures_read"].value)) for m in told if "n_failures_read" in m})


def launched(live: Any) -> subprocess.Popen[str]:
    """A run of everything, given to Dagster's daemon."""
    keys = [e.key for e in live.project.landing.evaluations()]
    ends = zip(("start", "end"), (keys[0], keys[-1]), strict=True)
    tags = {f"dagster/asset_partition_range_{end}": key for end, key in ends}
    command = [str(Path(sys.executable).parent / "dagster"), "job", "launch"]
    return subprocess.Popen(
        [*command, "-w", str(workspace_file()), "-j", "everything", "--tags", json.dumps(tags)],
        cwd=live.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_at_once_do_the_work_once_as_commands_and_as_runs_of_dagster(
    live: Any, tmp_path: Path
) -> None:
    live.write("a.jsonl", "a", "b")
    for said in map(finished, [live.errormap("run"), live.errormap("run")]):
        assert "0 failed" in said
    judged = ("judged_errors", "category_assignments", *RESULTS)
    of_both = live.tables(*judged)
    assert live.signatures() == {"a", "b"}

    live.write("c.jsonl", "c")
    finished(live.errormap("land", str(live.home / "landing" / "c.jsonl")))
    with (
        duckdb.connect(str(live.home / "warehouse.duckdb"), read_only=True) as reader,
        live.daemon() as instance,
    ):
        assert failures_read(instance) == [0, 8]
        for process in [launched(live), launched(live)]:
            finished(process)
        runs = dg.RunsFilter(job_name="everything")
        live.wait_for(
            "the end of four runs",
            lambda: sum(run.is_finished for run in instance.get_runs(runs)) == 4,
        )
        assert all(run.is_success for run in instance.get_runs(runs))
        assert reader.execute(MODELS).fetchall() == [("a",), ("b",)]
        assert models_now(live.home) == "['a', 'b', 'c']"
        assert failures_read(instance) == [0, 4, 8]

    alone = type(live)(tmp_path / "alone")
    alone.write("a.jsonl", "a", "b")
    run_chain(alone.project)
    assert of_both == alone.tables(*judged)


def test_an_evaluation_that_cannot_be_made_fails_alone_and_is_made_alone(live: Any) -> None:
    live.write("a.jsonl", "a", "b", "c")
    in_the_way = live.home / "tables" / "judged_errors" / "dataset=sums" / "model=b"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("a file where a folder has to be", encoding="utf-8")
    with pytest.raises(IncompleteError, match=r"sums\|b in judged_errors: .*Error"):
        run_chain(live.project)
    signed = live.project.store.read("signatures")
    assert set(signed["model"]) == {"a", "c"}
    before = live.tables(*BY_EVALUATION)
    in_the_way.unlink()
    run_chain(live.project)
    after = live.tables(*BY_EVALUATION)
    assert {path: after[path] for path in before} == before
    assert {path for path in after if path not in before} == {
        f"tables/{table}/dataset=sums/model=b/part.parquet"
        for table in ("judged_errors", "category_assignments")
    }
    assert set(live.project.store.read("signatures")["model"]) == {"a", "b", "c"}


def test_a_run_that_could_not_make_everything_is_told_at_the_webhook(
    live: Any, webhook: Any
) -> None:
    live.write("a.jsonl", "a")
    beyond = live.write("b.jsonl", "b")
    beyond.write_text(beyond.read_text().replace('"score": 1.0', '"score": 7.0'))
    failed = live.errormap("run", ERRORMAP_ALERT_WEBHOOK=webhook.url)
    out, err = failed.communicate(timeout=400)
    assert failed.returncode == 1, out + err
    (text,) = webhook.texts
    assert "every_evaluation_is_made" in text
    assert "sums|b in failures" in text
    assert "/runs/" in text
    assert live.signatures() == {"a"}
    said = out + err + text
    assert "secret" not in said
    assert "services/T0" not in said
