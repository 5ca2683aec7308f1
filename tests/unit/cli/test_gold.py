from pathlib import Path

import polars as pl
import pytest

from errormap_dagster.cli.gold import export_queue, take_verdicts
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.project import Project
from errormap_dagster.stages.chain import run_chain


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty sums by three models; all give the same other answer to the one with a wrong gold."""
    folder = tmp_path_factory.mktemp("gold")
    rows = [
        {
            "example_id": f"=q{n}",
            "model": model,
            "dataset": "sums",
            "input_text": f"What is {n} + {n}?",
            "output_text": f"The answer is {2 * n}.",
            "correct_answer": "99" if n == 3 else str(2 * n),
            "score": float(n != 3),
        }
        for n in range(20)
        for model in ("a", "b", "c")
    ]
    pl.DataFrame(rows).write_csv(folder / "sums.csv")
    run_chain(Project.open(folder / "home"), [folder / "sums.csv"])
    return folder / "home"


def test_the_queue_goes_out_and_verdicts_come_in_and_count(home: Path, tmp_path: Path) -> None:
    export_queue(home, tmp_path / "queue.csv", None, 10)
    queue = pl.read_csv(tmp_path / "queue.csv", infer_schema=False)
    assert queue["example_id"].to_list() == ["'=q3"]
    assert queue["other_answer"].to_list() == ["6"]
    assert queue["input_text"].to_list() == ["What is 3 + 3?"]
    queue.with_columns(verdict=pl.lit(" Wrong ")).write_csv(tmp_path / "queue.csv")
    assert take_verdicts(home, tmp_path / "queue.csv") == 0
    store = Project.open(home).store
    assert store.read("suspect_gold")["verdict"].to_list() == ["wrong"]
    assert store.read("gold_noise")["n_wrong"].to_list() == [1]
    assert store.read("gold_scores")["success_rate_without_wrong"].to_list() == [1.0] * 3
    run_chain(Project.open(home))
    assert store.read("suspect_gold")["verdict"].to_list() == ["wrong"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dataset,verdict\nsums,wrong\n", "lacks the column 'example_id'"),
        ("dataset,example_id,verdict\nsums,=q3,\nsums,=q3,maybe\n", "row 3 .*must be one of"),
        ("dataset,example_id,verdict\nsums,=q4,wrong\n", "row 2 .*no such example"),
    ],
)
def test_a_verdict_that_cannot_be_used_is_named(
    home: Path, tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "verdicts.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ErrorMapError, match=told):
        take_verdicts(home, tmp_path / "verdicts.csv")
