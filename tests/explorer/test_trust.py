import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from starlette.testclient import TestClient

from errormap_dagster.explorer.app import explorer
from errormap_dagster.project import Project
from errormap_dagster.stages.trust import make_trust
from errormap_dagster.store import Store


@pytest.fixture
def home(demo_home: Path, tmp_path: Path) -> Path:
    for folder in ("tables", "staging"):
        shutil.copytree(demo_home / folder, tmp_path / folder)
    return tmp_path


REVIEW = {
    "kind": "human",
    "reviewer": "<b>ada",
    "taxonomy": "atlas",
    "version": 1,
    "prediction_id": "",
    "answer": "other",
    "error_title": None,
    "note": "<i>no such sum",
    "reviewed_at": datetime(2026, 1, 31, tzinfo=UTC),
    "call_id": None,
}


def test_the_trust_card_tells_its_figures_and_where_readers_differ(home: Path) -> None:
    client = TestClient(explorer(Store(home / "tables")))
    assert "nobody has reviewed" in client.get("/trust").text
    judged = Project.open(home).store.read("judged_errors")
    reviews = [{**REVIEW, "prediction_id": name} for name in judged["prediction_id"]]
    path = home / "reviews" / "errors.csv"
    path.parent.mkdir()
    pl.DataFrame(reviews).drop("kind", "error_title", "call_id").write_csv(path)
    make_trust(Project.open(home))
    shown = TestClient(explorer(Store(home / "tables"))).get("/trust").text
    assert "People: the same answer in 0\u00a0% of the failures" in shown
    assert f"{judged.height} of {judged.height} read" in shown
    assert "&lt;b&gt;ada" in shown
    assert "the first 50 failures" in shown
    assert "&lt;i&gt;no such sum" in shown
    assert "Choose a model" in shown
    page = "/trust?model=aster-3b&dataset=word_problems"
    corrected = TestClient(explorer(Store(home / "tables"))).get(page).text
    assert "as it has them and corrected" in corrected
    assert 'title="no reviewer named it' in corrected
    assert "/failures?taxonomy=atlas%401&amp;category=atlas.computation_error" in shown
    assert "People: the same answer" in TestClient(explorer(Store(home / "tables"))).get("/").text
