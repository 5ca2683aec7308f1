from pathlib import Path

import polars as pl
import pytest

from errormap_dagster.cli.review import export_sample, take_reviews
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.project import Project
from errormap_dagster.stages.chain import run_chain
from errormap_dagster.stages.staleness import pending_work

HEADER = "prediction_id,taxonomy,version,category,reviewer,reviewed_at\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve wrong sums that the analyst can read, one of which looks like a formula."""
    folder = tmp_path_factory.mktemp("review")
    rows = [
        {
            "example_id": f"q{n}",
            "model": "m",
            "dataset": "sums",
            "input_text": f"What is {n} + {n}?",
            "output_text": "=1+1" if n == 3 else f"{n} + {n} = {2 * n + 1}. The answer is 99.",
            "correct_answer": str(2 * n),
            "score": 0.0,
        }
        for n in range(12)
    ]
    pl.DataFrame(rows).write_csv(folder / "sums.csv")
    run_chain(Project.open(folder / "home"), [folder / "sums.csv"])
    return folder / "home"


def exported(
    home: Path, folder: Path, n: int | None = None, *, shows_judge: bool = False
) -> pl.DataFrame:
    export_sample(home, folder / "sample.csv", None, n, shows_judge=shows_judge)
    return pl.read_csv(folder / "sample.csv", infer_schema=False)


def test_a_sample_goes_out_and_reviews_come_in_and_count(home: Path, tmp_path: Path) -> None:
    sample = exported(home, tmp_path)
    assert sample.height == 12
    assert "'=1+1" in sample["output_text"].to_list()
    assert "judge_category" not in sample.columns
    assert "judge_category" in exported(home, tmp_path, shows_judge=True).columns
    said = ["Computation Error", " no ERROR ", "atlas.counting_error", "unclear", "other"]
    filled = sample.with_columns(category=pl.Series(said + [None] * 7, dtype=pl.String))
    filled.write_csv(tmp_path / "filled.csv")
    assert take_reviews(home, tmp_path / "filled.csv", "ada") == 0
    store = Project.open(home).store
    reviews = store.read("judge_reviews")
    assert reviews["reviewer"].to_list() == ["ada"] * 5
    assert set(reviews["answer"]) == {
        *("atlas.computation_error", "no_error_found", "atlas.counting_error"),
        *("unclear", "other"),
    }
    whole = store.read("judge_trust").filter(
        pl.col("taxonomy") == "atlas", pl.col("category_id") == "all", pl.col("kind") == "human"
    )
    assert whole.select("n_reviewed", "n_not_counted").row(0) == (4, 1)
    assert "judge_trust" not in {work.table for work in pending_work(Project.open(home))}
    left = exported(home, tmp_path)
    assert left.height == 7
    assert left["prediction_id"].to_list() == sample["prediction_id"].to_list()[5:]


def test_a_later_review_of_a_person_replaces_the_earlier_and_most_readers_count(
    home: Path, tmp_path: Path
) -> None:
    failure = Project.open(home).store.read("judged_errors")["prediction_id"][-1]
    for reviewer, category, day in (
        *(("ada", "other", 1), ("ada", "no error", 2)),
        *(("bob", "no error", 3), ("cy", "other", 4)),
    ):
        (tmp_path / "one.csv").write_text(
            f"{HEADER}{failure},atlas,1,{category},{reviewer},2026-01-0{day}\n"
        )
        take_reviews(home, tmp_path / "one.csv", None)
    store = Project.open(home).store
    of_failure = store.read("judge_reviews").filter(pl.col("prediction_id") == failure)
    assert sorted(of_failure.select("reviewer", "answer").iter_rows()) == [
        ("ada", "no_error_found"),
        ("bob", "no_error_found"),
        ("cy", "other"),
    ]
    row = store.read("judge_trust").filter(
        pl.col("taxonomy") == "atlas", pl.col("category_id") == "no_error_found"
    )
    assert row["n_named_by_reviewer"].item() >= 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prediction_id,taxonomy,version\nx,atlas,1\n", "lacks the column 'category'"),
        (f"{HEADER}x,atlas,1,other,ada,\n", "row 2 .*no failure that the judge could read"),
        (f"{HEADER}ID,atlas,1,,ada,\nID,atlas,1,Nope,ada,\n", "row 3 .*errormap taxonomy show"),
        (f"{HEADER}ID,atlas,9,other,ada,\n", "row 2 .*must be one of: atlas 1"),
        (f"{HEADER}ID,atlas,1,other,,\n", "row 2 .*--reviewer"),
        (f"{HEADER}ID,atlas,1,other,ada,yesterday\n", "row 2 .*2026-01-31T12:00:00Z"),
    ],
)
def test_a_review_that_cannot_be_used_is_named_with_the_remedy(
    home: Path, tmp_path: Path, text: str, told: str
) -> None:
    failure = Project.open(home).store.read("judged_errors")["prediction_id"][0]
    before = Project.open(home).home.error_reviews
    kept = before.read_bytes() if before.exists() else None
    (tmp_path / "reviews.csv").write_text(text.replace("ID", failure), encoding="utf-8")
    with pytest.raises(ErrorMapError, match=told):
        take_reviews(home, tmp_path / "reviews.csv", None)
    assert (before.read_bytes() if before.exists() else None) == kept


def test_a_taxonomy_that_is_not_in_force_is_told(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ErrorMapError, match="taxonomies in force are: atlas"):
        export_sample(home, tmp_path / "x.csv", "nope", None, shows_judge=False)
