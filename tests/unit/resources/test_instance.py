"""Dagster's databases during a run: kept open, and never at the cost of another database."""

from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from errormap_dagster.home import Home
from errormap_dagster.resources.instance import instance_in_use

FULL, NORMAL = 2, 1


@pytest.fixture
def home(home_folder: Path) -> Home:
    made = Home.locate(home_folder)
    made.prepare()
    return made


def synchronised(path: Path) -> int:
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    with engine.connect() as connection:
        return connection.exec_driver_sql("PRAGMA synchronous").scalar_one()


@dg.op
def nothing() -> None:
    """Do nothing."""


def test_the_log_of_each_database_stays_until_the_end_of_a_run(home: Home) -> None:
    job = dg.GraphDefinition("empty", node_defs=[nothing]).to_job()
    with instance_in_use(home) as instance:
        done = job.execute_in_process(instance=instance)
        logs = {path.name for path in home.dagster.rglob("*.db-wal")}
        assert {"runs.db-wal", f"{done.run_id}.db-wal"} <= logs
    assert list(home.dagster.rglob("*.db-wal")) == []
    assert instance.get_runs()[0].run_id == done.run_id


def test_only_dagsters_own_databases_are_written_without_waiting_for_the_disk(home: Home) -> None:
    inside, outside = home.dagster / "history" / "x.db", home.root / "judge_calls.sqlite"
    with instance_in_use(home):
        assert synchronised(inside) == NORMAL
        assert synchronised(outside) == FULL
    assert synchronised(inside) == FULL
