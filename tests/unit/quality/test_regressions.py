from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from errormap_dagster.project import Project
from errormap_dagster.quality.regressions import no_regression
from errormap_dagster.resources.judge import JudgeResource
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.chain import run_chain


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    """Twenty sums: the old model gets all of them right, the new one half."""
    rows = [
        {
            "example_id": f"q{n}",
            "model": model,
            "dataset": "sums",
            "input_text": f"What is {n} + {n}?",
            "output_text": f"The answer is {2 * n + is_wrong}.",
            "correct_answer": str(2 * n),
            "score": float(not is_wrong),
        }
        for n in range(20)
        for model, is_wrong in (("old", False), ("new", n < 10))
    ]
    pl.DataFrame(rows).write_csv(tmp_path / "sums.csv")
    return tmp_path / "sums.csv"


@pytest.mark.parametrize(
    ("settings", "passed"),
    [
        ("pairs: [[old, new]]", False),
        ("pairs: [[new, old]]", True),
        ("pairs: [[old, new]], max_regression: 0.6", True),
        ("pairs: all", True),
    ],
)
def test_a_pair_that_the_settings_name_must_not_get_worse(
    sums: Path, home_folder: Path, settings: str, *, passed: bool
) -> None:
    home_folder.mkdir()
    text = f"comparisons: {{{settings}}}\n"
    (home_folder / "errormap.yaml").write_text(text, encoding="utf-8")
    run_chain(Project.open(home_folder), [sums])
    result = no_regression(project=ProjectResource(judge=JudgeResource()))
    assert isinstance(result, dg.AssetCheckResult)
    assert result.passed is passed
    assert passed or "new fails more than old on sums (any): +50.0%" in (result.description or "")
