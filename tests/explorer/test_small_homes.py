"""Homes at the edges: nothing failed, one model alone, a sample instead of all failures."""

from pathlib import Path

import polars as pl
import pytest
from starlette.testclient import TestClient

from errormap_dagster.explorer.app import PAGES, explorer
from errormap_dagster.project import Project
from errormap_dagster.queries.tables import Tables
from errormap_dagster.report.page import report
from errormap_dagster.report.summary import signature_summary
from errormap_dagster.stages.chain import run_chain


def predictions(folder: Path, scores: list[float], models: list[str]) -> Path:
    rows = [
        {
            "example_id": str(number),
            "model": model,
            "dataset": "sums",
            "input_text": f"What is {number} + {number}?",
            "output_text": f"{number} + {number} = {3 * number + 1}",
            "score": score,
            "correct_answer": str(2 * number),
        }
        for number, score in enumerate(scores)
        for model in models
    ]
    path = folder / "sums.csv"
    pl.DataFrame(rows).write_csv(path)
    return path


@pytest.mark.parametrize(
    ("scores", "models", "settings"),
    [
        ([1.0] * 5, ["right-1b"], ""),
        ([0.0], ["alone-1b"], ""),
        ([0.0] * 40, ["one-1b", "two-1b"], "sampling: {share: 0.1, minimum_per_evaluation: 2}"),
    ],
    ids=["nothing failed", "one failure", "a sample"],
)
def test_every_page_and_the_report_stand(
    tmp_path: Path, home_folder: Path, scores: list[float], models: list[str], settings: str
) -> None:
    home_folder.mkdir()
    (home_folder / "errormap.yaml").write_text(settings, encoding="utf-8")
    project = Project.open(home_folder)
    run_chain(project, [predictions(tmp_path, scores, models)])
    client = TestClient(explorer(project.store))
    for path in PAGES:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.text)
    if settings:
        shown = client.get("/failures?outcome=not_sampled").text
        assert "not read by the judge" in shown
    tables = Tables(project.store)
    assert "<h1>" in report(tables, "0" * 32)
    assert signature_summary(tables)[0].startswith("| model")
