import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from errormap_dagster.cli.choices import FailOn
from errormap_dagster.cli.compare import Question, compare_models
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.project import Project
from errormap_dagster.stages.chain import run_chain


def predictions(folder: Path) -> Path:
    """Twenty sums: the old model is right in all but two, the new one in none."""
    rows = [
        {
            "example_id": f"q{n}",
            "model": model,
            "dataset": "sums|<b>",
            "input_text": f"What is {n} + {n}?",
            "output_text": f"{n} + {n} = {2 * n + is_wrong}. The answer is {2 * n + is_wrong}.",
            "correct_answer": str(2 * n),
            "score": float(not is_wrong),
        }
        for n in range(10, 30)
        for model, is_wrong in (("old", n < 12), ("new", True))
    ]
    path = folder / "sums.csv"
    pl.DataFrame(rows).write_csv(path)
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare")
    run_chain(Project.open(folder / "home"), [predictions(folder)])
    return folder / "home"


@pytest.mark.parametrize(
    ("models", "fail_on", "limit", "code"),
    [
        (("old", "new"), None, None, 0),
        (("old", "new"), FailOn.FAILURES, None, 1),
        (("old", "new"), FailOn.CATEGORIES, None, 1),
        (("old", "new"), FailOn.FAILURES, 0.95, 0),
        (("new", "old"), FailOn.CATEGORIES, None, 0),
        (("old", "old"), FailOn.CATEGORIES, None, 0),
    ],
)
def test_the_exit_code_says_whether_there_is_a_regression(
    home: Path, models: tuple[str, str], fail_on: FailOn | None, limit: float | None, code: int
) -> None:
    question = Question(*models, fail_on=fail_on, max_regression=limit)
    assert compare_models(home, question, None, is_json=False) == code


def test_the_json_is_the_rows(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare_models(home, Question("old", "new"), None, is_json=True)
    rows = json.loads(capsys.readouterr().out)
    assert {row["dataset"] for row in rows} == {"sums|<b>"}
    assert rows[0]["category"] == "any failure"
    assert (rows[0]["n_broken"], rows[0]["n_fixed"]) == (18, 0)


def test_names_in_the_summary_become_no_markup(home: Path, tmp_path: Path) -> None:
    question = Question("old", "new", fail_on=FailOn.FAILURES)
    compare_models(home, question, tmp_path / "summary.md", is_json=False)
    text = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "Regression" in text
    assert "<b>" not in text
    assert r"sums\|&lt;b&gt;" in text


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (Question("old", "newer"), "no model 'newer'. Known: new, old"),
        (Question("old", "new", dataset="sum"), "no dataset 'sum'"),
    ],
)
def test_what_is_not_there_is_named(home: Path, question: Question, told: str) -> None:
    with pytest.raises(ErrorMapError, match=told):
        compare_models(home, question, None, is_json=False)


def test_the_tables_hold_the_pairs_of_the_settings(home: Path) -> None:
    rows = Project.open(home).store.read("model_comparisons")
    assert set(rows.select("model_a", "model_b").rows()) == {("new", "old")}
    (home / "errormap.yaml").write_text("comparisons: {pairs: [[old, new]]}\n", encoding="utf-8")
    run_chain(Project.open(home))
    rows = Project.open(home).store.read("model_comparisons")
    assert set(rows.select("model_a", "model_b").rows()) == {("old", "new")}
    (home / "errormap.yaml").unlink()


def test_a_difference_whose_errors_have_no_name_is_told_as_such(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copied, summary = tmp_path / "home", tmp_path / "summary.md"
    shutil.copytree(home, copied)
    compare_models(copied, Question("old", "new"), summary, is_json=False)
    assert "has no name" not in capsys.readouterr().out
    ledger = next((copied / "tables" / "failure_ledger").rglob("*.parquet"))
    nothing = {"outcome": pl.lit("unassigned"), "category_id": pl.lit(None, pl.String)}
    pl.read_parquet(ledger).with_columns(**nothing).write_parquet(ledger)
    compare_models(copied, Question("old", "new"), summary, is_json=False)
    for told in (capsys.readouterr().out, summary.read_text(encoding="utf-8")):
        assert "Most of this difference has no name" in told
        assert "+90.0 points" in told
