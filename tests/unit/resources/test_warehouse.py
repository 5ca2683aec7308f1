"""What the warehouse keeps from one build to the next: the history that dbt's snapshots write."""

import os
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

from errormap_dagster.paths import dbt_project_dir
from errormap_dagster.resources.dbt import dbt_executable
from errormap_dagster.resources.warehouse import warehouse_in_work
from errormap_dagster.stages.candidates import grow_candidate
from scripted import TITLES, History, Script, land


def build(history: History) -> None:
    """Build the history, and what it is made from, as a whole build does."""
    home = history.project.home
    command = [dbt_executable(), "build", "--quiet"]
    command += ["--select", "+scd_taxonomy_versions", "+scd_taxonomy_categories"]
    command += ["--indirect-selection", "buildable"]
    for option in ("--project-dir", "--profiles-dir"):
        command += [option, str(dbt_project_dir())]
    command += ["--target-path", str(home.dbt_target), "--log-path", str(home.dbt_logs)]
    environment = {**os.environ, "ERRORMAP_HOME": str(home.root)}
    with warehouse_in_work(home, is_whole=True):
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stdout


def rows(history: History, query: str) -> list[tuple[Any, ...]]:
    """Rows of the published warehouse."""
    with duckdb.connect(str(history.project.home.warehouse), read_only=True) as opened:
        return opened.execute(query).fetchall()


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> History:
    """A warehouse that was built when version 1 was in force, and again under version 2."""
    history = History(tmp_path_factory.mktemp("history") / "ho'me", Script())
    history.run(land(history, "model", TITLES * 2))
    build(history)
    grow_candidate(history.project, "run")
    history.approve(2)
    build(history)
    return history


def test_the_status_of_a_version_has_a_history(approved: History) -> None:
    told = rows(
        approved,
        "select version, status, valid_to_at is null from scd_taxonomy_versions "
        "where taxonomy = 'induced' order by version, valid_from_at",
    )
    assert told == [(1, "approved", False), (1, "retired", True), (2, "approved", True)]


def test_a_category_has_a_row_for_each_thing_that_it_said(approved: History) -> None:
    told = rows(
        approved,
        "select category_id, version, path, valid_to_at is null from scd_taxonomy_categories "
        "where category_id in ('format', 'units', 'habits') order by category_id, valid_from_at",
    )
    assert told == [
        ("format", 1, "Name of format", False),
        ("format", 2, "Formatting", True),
        ("habits", 2, "Name of habits", True),
        ("units", 1, "Name of units", False),
    ]


def test_a_category_says_something_new_from_the_approval_on(approved: History) -> None:
    ((ended, began),) = rows(
        approved,
        "select old.valid_to_at, new.valid_from_at from scd_taxonomy_categories as old "
        "join scd_taxonomy_categories as new using (category_id) "
        "where category_id = 'format' and old.version = 1 and new.version = 2",
    )
    decisions = approved.table("taxonomy_decisions").filter(version=2, status="approved")
    assert ended == began == decisions["decided_at"].item().replace(tzinfo=None)


def test_a_file_that_cannot_be_read_does_not_stop_a_build(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = History(tmp_path / "home", Script()).project.home
    home.warehouse.write_bytes(b"torn" * 5_000)
    with warehouse_in_work(home, is_whole=True):
        assert not home.warehouse_in_work.exists()
    assert "its history begins anew" in caplog.text
    assert duckdb.connect(str(home.warehouse)).execute("select 1").fetchone() == (1,)
