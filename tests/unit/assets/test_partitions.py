"""What the partitioned assets share: an evaluation that meets an obstacle is tried again."""

from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from errormap_dagster.assets import partitions
from errormap_dagster.assets.partitions import EVALUATIONS, materialize_evaluations
from errormap_dagster.errors import SettingsError
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.project import Project
from errormap_dagster.stages.landing import land

PREDICTION = (
    '{"example_id": "1", "dataset": "sums", "model": "a", "input_text": "2 + 2", '
    '"output_text": "5", "correct_answer": "4", "score": 0}'
)
KEY = "sums|a"


def tries_of(home: Path, error: Exception) -> tuple[int, bool]:
    """How often an asset of one evaluation asks for it when that meets an error; if it succeeds."""
    (home / "landing").mkdir(parents=True)
    (home / "landing" / "a.jsonl").write_text(PREDICTION, encoding="utf-8")
    project = Project.open(home)
    land(project)
    tries: list[Evaluation] = []

    def make(evaluation: Evaluation) -> pl.DataFrame:
        tries.append(evaluation)
        raise error

    @dg.asset(partitions_def=EVALUATIONS)
    def raw_predictions(context: dg.AssetExecutionContext) -> None:
        materialize_evaluations(context, project, "raw_predictions", make)

    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("evaluation", [KEY])
        done = dg.materialize([raw_predictions], instance=instance, partition_key=KEY)
    return len(tries), done.success


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "SECONDS_TO_RETRY", 0)


def test_what_may_be_gone_in_a_moment_is_tried_twice_more_and_then_left(home_folder: Path) -> None:
    assert tries_of(home_folder, OSError("the disk is full")) == (3, True)


def test_what_only_a_person_can_mend_is_not_tried_again(home_folder: Path) -> None:
    assert tries_of(home_folder, SettingsError("no threshold")) == (1, True)
