"""The sample through the real command line: what a newcomer sees, and what stands in the tables."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl
import pytest

from errormap_dagster.home import Home
from errormap_dagster.paths import dbt_project_dir
from errormap_dagster.resources.dbt import dbt_executable
from errormap_dagster.resources.warehouse import warehouse_copy
from errormap_dagster.stages.judging import grounded_share
from errormap_dagster.store import Store

Errormap = Callable[..., subprocess.CompletedProcess[str]]


class Demo(NamedTuple):
    """A home after ``errormap demo``, and what the command said."""

    home: Path
    folder: Path
    done: subprocess.CompletedProcess[str]
    errormap: Errormap

    @property
    def store(self) -> Store:
        """The tables of the home."""
        return Store(self.home / "tables")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    home = folder / "home"
    given = {k: v for k, v in os.environ.items() if k not in {"DAGSTER_HOME", "ERRORMAP_HOME"}}
    working = folder / "elsewhere"
    working.mkdir()

    def errormap(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / "errormap"), *arguments, "--home", str(home)]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=working, env=given
        )

    return Demo(home, working, errormap("demo"), errormap)


def tables_of(home: Path) -> dict[str, bytes]:
    paths = sorted((home / "tables").rglob("*.parquet"))
    return {str(path.relative_to(home)): path.read_bytes() for path in paths}


def test_it_succeeds_and_says_what_was_found(demo: Demo) -> None:
    assert demo.done.returncode == 0, demo.done.stderr
    said = demo.done.stdout
    for model in ("aster-3b", "birch-8b", "cedar-70b", "dune-mini", "elm-code"):
        assert model in said
    assert "Reconciled: no failure was lost." in said
    assert "Computation Error" in said
    assert str(demo.home / "warehouse.duckdb") in said.replace("\n", "")
    assert "errormap dev" in said


def test_every_landed_row_is_a_prediction_or_quarantined(demo: Demo) -> None:
    files = demo.store.read("landed_files")
    assert files["n_rows"].sum() == 230
    parts = ["n_kept", "n_quarantined", "n_duplicates"]
    assert (files["n_rows"] == files.select(pl.sum_horizontal(parts)).to_series()).all()
    assert demo.store.read("raw_predictions").height == files["n_kept"].sum()
    assert sorted(demo.store.read("quarantined_rows")["reason"]) == [
        "missing_model",
        "score_not_a_number",
    ]


def test_every_failure_has_one_outcome_and_every_quote_stands_in_its_output(demo: Demo) -> None:
    failures = demo.store.read("failures")
    ledger = demo.store.read("failure_ledger")
    assert sorted(ledger["prediction_id"]) == sorted(failures["prediction_id"])
    assert demo.store.read("judged_errors").height == failures["is_sampled"].sum()
    assert grounded_share(demo.store) == 1.0


def test_both_taxonomies_stand_and_shares_sum_to_one(demo: Demo) -> None:
    signatures = demo.store.read("signatures")
    assert set(signatures["taxonomy"]) == {"atlas", "induced"}
    key = ["taxonomy", "version", "model", "dataset", "depth"]
    sums = signatures.group_by(key).agg(pl.sum("error_share"))["error_share"]
    assert ((sums - 1).abs() < 1e-9).all()


def test_the_models_fail_differently(demo: Demo) -> None:
    with duckdb.connect(str(demo.home / "warehouse.duckdb"), read_only=True) as warehouse:
        leading = warehouse.execute(
            "select model, category_name from rpt_failure_signatures where dataset = 'all' "
            "and category_name not in ('unassigned', 'other') "
            "qualify row_number() over (partition by model order by rank) = 1"
        ).fetchall()
    found = dict(leading)
    assert found["aster-3b"] == "Computation Error"
    assert found["dune-mini"] == "No Answer Given"
    assert len(set(found.values())) >= 3


def test_the_views_agree_with_the_tables(demo: Demo) -> None:
    with duckdb.connect(str(demo.home / "warehouse.duckdb"), read_only=True) as warehouse:
        errors = warehouse.execute("select prediction_id, outcome from fct_errors").pl()
        health = warehouse.execute(
            "select sum(n_predictions), sum(n_failures) from rpt_dataset_health"
        )
        counted = health.fetchone()
    ledger = demo.store.read("failure_ledger").select("prediction_id", "outcome")
    assert errors.sort("prediction_id").equals(ledger.sort("prediction_id"))
    assert counted == (228, ledger.height)


def test_status_says_that_nothing_is_left_to_do(demo: Demo) -> None:
    done = demo.errormap("status")
    assert done.returncode == 0
    assert "nothing: every table is up to date" in done.stdout


def test_a_second_run_changes_no_table(demo: Demo) -> None:
    before = tables_of(demo.home)
    assert demo.errormap("run").returncode == 0
    assert tables_of(demo.home) == before


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_a_table_is_exported_whole(demo: Demo, ending: str, tmp_path: Path) -> None:
    target = tmp_path / f"judged.{ending}"
    done = demo.errormap("export", "judged_errors", "--to", str(target))
    assert done.returncode == 0, done.stderr
    read = {"csv": pl.read_csv, "parquet": pl.read_parquet, "jsonl": pl.read_ndjson}[ending]
    found = read(target)
    assert sorted(found["prediction_id"]) == sorted(
        demo.store.read("judged_errors")["prediction_id"]
    )


def test_the_views_pass_their_unit_tests(demo: Demo, tmp_path: Path) -> None:
    folders = ("--project-dir", "--profiles-dir")
    with warehouse_copy(Home(demo.home)):
        done = subprocess.run(
            [
                *(dbt_executable(), "test", "--select", "test_type:unit"),
                *(part for name in folders for part in (name, str(dbt_project_dir()))),
                *("--target-path", str(tmp_path), "--log-path", str(tmp_path)),
            ],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "ERRORMAP_HOME": str(demo.home)},
        )
    assert done.returncode == 0, done.stdout
    assert re.search(r"Finished running [1-9]\d* unit tests", done.stdout), done.stdout


def test_nothing_is_written_outside_of_the_home(demo: Demo) -> None:
    assert list(demo.folder.iterdir()) == []


def test_the_manifest_names_no_place_outside_of_the_project(demo: Demo) -> None:
    manifest = json.loads((demo.home / "dbt" / "target" / "manifest.json").read_text())
    assert manifest["metadata"]["send_anonymous_usage_stats"] is False
