"""Picks of a dataset that is larger than memory are made in parts, and are the same picks."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from errormap_dagster.project import Project
from errormap_dagster.stages import predictions
from errormap_dagster.stages.chain import make_evaluations
from errormap_dagster.stages.landing import land

TABLE = "informative_correct_predictions"


def with_predictions(folder: Path, models: str) -> Project:
    """A home with predictions of which two thirds are correct, and no picks yet."""
    rows = [
        {
            "example_id": f"e{n:02}",
            "dataset": "d",
            "model": model,
            "input_text": "?",
            "output_text": f"{model} reasons at length about {n}.",
            "score": float((n + ord(model)) % 3 > 0),
        }
        for n in range(40)
        for model in models
    ]
    path = folder / "landing" / f"{models}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    project = Project.open(folder)
    land(project)
    evaluations = project.landing.evaluations()
    make_evaluations(
        project,
        "raw_predictions",
        evaluations,
        lambda evaluation: predictions.raw_predictions(project, evaluation),
    )
    return project


def n_row_groups(project: Project) -> int:
    """In how many parts the picks were written."""
    (path,) = project.store.folder(TABLE).rglob("part.parquet")
    return pq.read_metadata(path).num_row_groups


def test_picks_in_parts_are_the_picks_made_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = with_predictions(tmp_path / "a", "xyz")
    predictions.pick_for_datasets(at_once)
    monkeypatch.setattr(predictions, "_PART_BYTES", 200)
    in_parts = with_predictions(tmp_path / "b", "xyz")
    predictions.pick_for_datasets(in_parts)
    assert n_row_groups(in_parts) > 5 > n_row_groups(at_once)
    assert in_parts.store.read(TABLE).equals(at_once.store.read(TABLE))
    assert at_once.store.read(TABLE).height > 40


def test_a_later_model_adds_picks_in_parts_too_and_takes_none_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictions, "_PART_BYTES", 200)
    predictions.pick_for_datasets(with_predictions(tmp_path, "x"))
    before = Project.open(tmp_path).store.read(TABLE)
    predictions.pick_for_datasets(with_predictions(tmp_path, "y"))
    after = Project.open(tmp_path).store.read(TABLE)
    assert after.join(before, on=before.columns, how="semi").height == before.height
    assert after.height > before.height


def test_a_dataset_without_a_correct_prediction_has_no_picks(tmp_path: Path) -> None:
    row = {"example_id": "e", "dataset": "d", "model": "m", "output_text": "no", "score": 0}
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "a.jsonl").write_text(json.dumps(row), encoding="utf-8")
    project = with_predictions(tmp_path, "")
    assert predictions.pick_for_datasets(project) == ["d"]
    assert project.store.read(TABLE).is_empty()
