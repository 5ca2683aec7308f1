"""All real predictions through the chain; the counts are those of the data's own README."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from errormap_dagster.project import Project
from errormap_dagster.stages.judging import grounded_share
from errormap_dagster.stages.results import ledger_discrepancies
from errormap_dagster.store import Store

pytestmark = pytest.mark.slow

PREDICTIONS = Path(__file__).resolve().parents[3] / "shared" / "data" / "predictions"
ROWS = {
    "classeval": (1_140, 948),
    "crux": (9_600, 3_343),
    "gsm8k": (5_276, 3_275),
    "humaneval": (984, 270),
    "ifeval": (6_492, 2_007),
    "math-l5": (8_356, 4_697),
    "mbpp": (1_191, 247),
    "mmlu_pro": (22_313, 10_730),
    "tau_airline": (200, 116),
}
"""Rows and rows with a score below 1 of each dataset."""
SCRIPT = """
import json, resource, sys
from errormap_dagster.project import Project
from errormap_dagster.stages.chain import run_chain
if __name__ == "__main__":
    run_chain(Project.open(sys.argv[1]), sys.argv[2:])
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    print(json.dumps([resource.getrusage(kind).ru_maxrss for kind in kinds]))
"""


class Run(NamedTuple):
    """A home after the chain, and the peak memory of the main process and its workers, in KiB."""

    home: Path
    peaks: list[int]

    @property
    def store(self) -> Store:
        """The tables of the home."""
        return Store(self.home / "tables")

    def counted(self, table: str) -> dict[str, int]:
        """Rows of a table per dataset."""
        return dict(self.store.scan(table).group_by("dataset").len().collect().iter_rows())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    if not PREDICTIONS.is_dir():
        pytest.skip(f"real predictions are not at {PREDICTIONS}")
    folder = tmp_path_factory.mktemp("real")
    script = folder / "chain.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(folder / "home"), str(PREDICTIONS)],
        check=True,
        capture_output=True,
        text=True,
    )
    return Run(folder / "home", json.loads(done.stdout.splitlines()[-1]))


def test_every_row_lands(run: Run) -> None:
    files = run.store.read("landed_files")
    assert files.height == 9
    assert set(files["status"]) == {"landed"}
    assert files["n_rows"].sum() == sum(rows for rows, _ in ROWS.values())
    assert files["n_kept"].sum() == files["n_rows"].sum()
    assert run.counted("raw_predictions") == {name: rows for name, (rows, _) in ROWS.items()}


def test_every_failure_is_judged_once_and_has_one_outcome(run: Run) -> None:
    expected = {name: failed for name, (_, failed) in ROWS.items()}
    assert run.counted("failures") == expected
    assert run.counted("judged_errors") == expected
    assert run.counted("failure_ledger") == expected
    assert ledger_discrepancies(Project.open(run.home)) == []


def test_every_judged_error_is_assigned_or_has_a_reason_why_not(run: Run) -> None:
    rows = run.store.read("category_assignments")
    n_errors = (
        run.store.scan("judged_errors")
        .filter(pl.col("outcome").is_in(["error_found", "wholly_incorrect"]))
        .select(pl.len())
        .collect()
        .item()
    )
    assert set(rows["taxonomy"]) == {"atlas", "induced"}
    assert rows.height == 2 * n_errors
    without = rows.filter(pl.col("status") != "assigned")
    assert without["reason"].null_count() == 0
    assert without["category_id"].null_count() == without.height
    assert rows.filter(pl.col("status") == "assigned")["category_id"].null_count() == 0


def test_the_shares_of_each_model_dataset_and_depth_sum_to_one(run: Run) -> None:
    key = ["taxonomy", "version", "model", "dataset", "depth"]
    sums = run.store.read("signatures").group_by(key).agg(pl.sum("error_share"))
    assert ((sums["error_share"] - 1).abs() < 1e-9).all()
    assert set(sums["dataset"]) == {*ROWS, "all", "all (macro)"}


def test_no_judge_failed_and_every_quote_stands_in_its_output(run: Run) -> None:
    outcomes = set(run.store.read("judged_errors")["outcome"])
    assert "judge_failed" not in outcomes
    assert grounded_share(run.store) == 1.0


def test_repeated_rows_are_trials_numbered_from_one(run: Run) -> None:
    rows = run.store.scan("raw_predictions").filter(pl.col("dataset") == "tau_airline").collect()
    trials = rows.group_by("example_id").agg(pl.col("trial").sort())
    assert trials.height == 50
    assert all(numbers == [1, 2, 3, 4] for numbers in trials["trial"].to_list())


def test_missing_outputs_stay_missing_and_fractions_stay_fractions(run: Run) -> None:
    rows = run.store.scan("raw_predictions").filter(pl.col("dataset") == "ifeval").collect()
    source = pl.read_csv(PREDICTIONS / "ifeval_en.csv.gz", infer_schema=False)
    assert rows["score"].sort().to_list() == source["score"].cast(pl.Float64).sort().to_list()
    assert rows.filter(~pl.col("score").is_in([0.0, 1.0])).height > 0
    assert rows["output_text"].null_count() == source["output_text"].null_count()


def test_memory_stays_within_a_gigabyte_and_a_half(run: Run) -> None:
    assert max(run.peaks) < 1.5 * 2**20


def test_what_landed_is_judged_by_what_it_says(run: Run) -> None:
    titles: dict[str, Any] = dict(
        run.store.scan("judged_errors")
        .group_by("dataset")
        .agg(pl.col("error_title").is_not_null().mean())
        .collect()
        .iter_rows()
    )
    # Where every answer can be checked by reading, most failures must have a diagnosis.
    assert all(titles[name] > 0.85 for name in ("crux", "ifeval", "tau_airline"))


def test_solutions_are_compared_with_correct_ones_or_not_at_all(run: Run) -> None:
    rows = run.store.scan("judged_errors").filter(pl.col("dataset") == "gsm8k").collect()
    beside = rows.filter(pl.col("n_correct_outputs") > 0)
    alone = rows.filter(pl.col("n_correct_outputs") == 0)
    compared = {"Wrong next step chosen", "Wrong quantity used", "Own result left unused"}
    # Without a correct solution nobody can tell which step was the wrong one.
    assert not compared & {*alone["error_title"]}
    assert compared & {*beside["error_title"]}
    assert beside["error_title"].count() > 0.6 * beside.height
