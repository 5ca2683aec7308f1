"""The same input gives the same tables, whatever the order, the hash seed and the workers."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from errormap_dagster.paths import demo_dir
from errormap_dagster.project import Project
from errormap_dagster.stages.chain import run_chain
from errormap_dagster.store import Store

PER_RUN = ["landed_at", "created_at", "decided_at", "run_id", "content_hash", "n_bytes"]
"""Times, runs, and in ``landed_files`` the bytes of files whose rows were reordered."""
TABLES = [
    "landed_files",
    "raw_predictions",
    "informative_correct_predictions",
    "failures",
    "judged_errors",
    "taxonomy_versions",
    "taxonomy_categories",
    "taxonomy_changes",
    "taxonomy_inputs",
    "taxonomy_steps",
    "taxonomy_stability",
    "taxonomy_quality",
    "taxonomy_category_quality",
    "taxonomy_confusions",
    "taxonomy_crosswalk",
    "taxonomy_decisions",
    "category_assignments",
    "failure_ledger",
    "signatures",
    "model_comparisons",
    "category_transitions",
    "model_deviations",
    "suspect_gold",
    "gold_noise",
    "gold_scores",
    "benchmark_profiles",
    "dataset_similarities",
    "judge_reviews",
    "judge_trust",
    "corrected_shares",
]
SCRIPT = """
import sys
from errormap_dagster.project import Project
from errormap_dagster.stages.chain import run_chain
run_chain(Project.open(sys.argv[1]), sys.argv[2:])
"""


def sample() -> list[Path]:
    return sorted(path for path in demo_dir().iterdir() if path.suffix in {".csv", ".jsonl"})


def contents(home: Path) -> dict[str, pl.DataFrame]:
    store = Store(home / "tables")
    frames = {table: store.read(table) for table in TABLES}
    return {
        table: frame.drop(PER_RUN if table == "landed_files" else PER_RUN[:4], strict=False)
        for table, frame in frames.items()
    }


def differing(left: Path, right: Path) -> list[str]:
    ours, theirs = contents(left), contents(right)
    return [table for table in TABLES if not ours[table].equals(theirs[table])]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("first")
    subprocess.run(
        [sys.executable, "-c", SCRIPT, str(home), *map(str, sample())],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "1"},
    )
    return home


def test_the_hash_seed_does_not_matter(first: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), *map(str, reversed(sample()))],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "2"},
    )
    assert differing(first, tmp_path) == []


def test_the_number_of_workers_does_not_matter(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("errormap_dagster.judge.embedded.processes._FEWEST_CASES_FOR_PROCESSES", 10)
    (tmp_path / "errormap.yaml").write_text("judge: {workers: 3}\n", encoding="utf-8")
    run_chain(Project.open(tmp_path), sample())
    assert differing(first, tmp_path) == []


def test_the_order_of_rows_does_not_matter(first: Path, tmp_path: Path) -> None:
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    for path in sample():
        _reverse(path, shuffled / path.name)
    run_chain(Project.open(tmp_path / "home"), sorted(shuffled.iterdir()))
    assert differing(first, tmp_path / "home") == []


def _reverse(source: Path, target: Path) -> None:
    if source.suffix == ".jsonl":
        lines = source.read_text(encoding="utf-8").splitlines()
        target.write_text("\n".join(reversed(lines)) + "\n", encoding="utf-8")
        return
    # A plain reader would not tell a missing value from an empty text: rows are kept as text.
    text = source.read_text(encoding="utf-8")
    header, *rows = _records(text)
    target.write_text("".join([header, *reversed(rows)]), encoding="utf-8")


def _records(text: str) -> list[str]:
    """The records of a CSV as they are written, quotes and all."""
    records: list[str] = []
    current = ""
    for line in text.splitlines(keepends=True):
        current += line
        if current.count('"') % 2 == 0:
            records.append(current)
            current = ""
    assert len(records) == len(list(csv.reader(text.splitlines(keepends=True))))
    return records


def test_one_more_model_changes_nothing_about_the_others(tmp_path: Path) -> None:
    fewer, newcomer = tmp_path / "fewer.jsonl", tmp_path / "newcomer.jsonl"
    lines = (demo_dir() / "multiple_choice.jsonl").read_text(encoding="utf-8").splitlines()
    for path, wanted in ((fewer, False), (newcomer, True)):
        chosen = [line for line in lines if ('"elm-code"' in line) is wanted]
        path.write_text("\n".join(chosen) + "\n", encoding="utf-8")
    home = tmp_path / "home"
    run_chain(Project.open(home), [fewer])
    before = {p: p.read_bytes() for p in (home / "tables" / "judged_errors").rglob("part.parquet")}
    run_chain(Project.open(home), [newcomer])
    assert len(before) == 4
    assert all(path.read_bytes() == content for path, content in before.items())
