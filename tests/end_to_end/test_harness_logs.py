"""Genuine logs of each harness: every row is accounted for, and failure rates are the published."""

import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from errormap_dagster.ingest.landing import Landing

LOGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "harness_logs"
pytestmark = pytest.mark.skipif(not LOGS.is_dir(), reason=f"genuine logs are not at {LOGS}")
PARTS = ("n_kept", "n_quarantined", "n_duplicates", "n_passed_over")
Row = dict[str, Any]


def landing_in(folder: Path) -> Landing:
    for name in ("staging", "landing"):
        (folder / name).mkdir(parents=True)
    clock = datetime(2026, 1, 2, tzinfo=UTC)
    return Landing(folder / "staging", folder / "landing", clock=lambda: clock)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    """All genuine logs, landed in one go."""
    made = landing_in(tmp_path_factory.mktemp("all"))
    made.add([LOGS])
    return made


def predictions(landing: Landing) -> pl.DataFrame:
    return pl.concat([part for e in landing.evaluations() for part in landing.assemble(e)])


def test_every_row_of_every_file_is_accounted_for(landing: Landing) -> None:
    account = landing.account()
    files = account.landed_files
    assert files.height == sum(path.is_file() for path in LOGS.rglob("*"))
    assert (files["n_rows"] == files.select(pl.sum_horizontal(PARTS)).to_series()).all()
    assert predictions(landing).height == files["n_kept"].sum()
    assert account.quarantined_rows.height == files["n_quarantined"].sum()
    assert files["n_rows"].sum() > 2_000


def test_each_file_is_read_as_what_it_is(landing: Landing) -> None:
    rows = landing.account().landed_files.filter(pl.col("status") != "auxiliary")
    for uri, source_format in rows.select("source_uri", "source_format").iter_rows():
        assert uri.split("/")[1] == source_format, uri


def test_only_logs_without_samples_are_unreadable(landing: Landing) -> None:
    files = landing.account().landed_files.filter(pl.col("status") == "unreadable")
    names = sorted(uri.rsplit("/", 1)[-1] for uri in files["source_uri"])
    assert names == ["2025-05-12T20-28-13-04-00_no-samples.json", "data_with_llm_scoring.json"]
    assert all("without samples" in detail for detail in files["detail"])


def test_rows_are_set_aside_for_reasons_that_are_no_failure(landing: Landing) -> None:
    refused = landing.account().quarantined_rows
    assert dict(refused.group_by("reason").len().iter_rows()) == {
        "infrastructure_error": 5,
        "unscored": 810,
    }
    assert all(len(detail) > 40 for detail in refused["detail"])


def test_no_text_is_lost(landing: Landing) -> None:
    rows = predictions(landing)
    read = rows.filter(pl.col("source_format") != "inspect")
    assert read["output_text"].null_count() == 0
    assert rows["input_text"].null_count() == 0
    assert rows["example_hash"].null_count() == 0
    assert not rows["input_text"].str.contains("attachment://").any()


def test_the_same_question_to_two_models_has_one_hash(landing: Landing) -> None:
    rows = predictions(landing)
    for dataset, n in (("math_l5", 60), ("partially_solved_crossword_clues", 100)):
        of_dataset = rows.filter(pl.col("dataset") == dataset)
        assert of_dataset["model"].n_unique() == 2
        assert of_dataset["example_hash"].n_unique() == n


def test_landing_again_changes_nothing(landing: Landing) -> None:
    before = landing.account()
    landing.add([LOGS])
    after = landing.account()
    assert after.landed_files.equals(before.landed_files)
    assert after.quarantined_rows.equals(before.quarantined_rows)


def lm_eval_published() -> Iterator[tuple[Path, float]]:
    """Files that hold all the samples that their results speak of."""
    folder = LOGS / "lm_eval" / "dummy_loglikelihood"
    told = json.loads(next(folder.glob("results_*.json")).read_text(encoding="utf-8"))
    yield folder, told["results"]["agieval_sat_math_mc"]["acc,none"]


def openai_published() -> Iterator[tuple[Path, float]]:
    for path in sorted((LOGS / "openai_evals").rglob("*.jsonl")):
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        (report,) = (line["final_report"] for line in lines if "final_report" in line)
        yield path, report["accuracy"]


def lighteval_published() -> Iterator[tuple[Path, float]]:
    for path in sorted((LOGS / "lighteval" / "details").rglob("*.parquet")):
        model = path.parent.parent.relative_to(LOGS / "lighteval" / "details")
        (results,) = (LOGS / "lighteval" / "results" / model).glob("*.json")
        told = json.loads(results.read_text(encoding="utf-8"))
        yield path, told["results"]["math_l5|0"]["extractive_match"]


def helm_published() -> Iterator[tuple[Path, float]]:
    """The mean over the splits of a run, each weighted with its instances."""
    for folder in sorted((LOGS / "helm" / "every_eval_ever").iterdir()):
        metric = "f1_score" if folder.name.startswith("narrative") else "exact_match"
        stats = json.loads((folder / "stats.json").read_text(encoding="utf-8"))
        plain = [
            s for s in stats if s["name"]["name"] == metric and "perturbation" not in s["name"]
        ]
        instances = json.loads((folder / "scenario_state.json").read_text(encoding="utf-8"))
        splits = [state["instance"]["split"] for state in instances["request_states"]]
        total = sum(s["mean"] * splits.count(s["name"]["split"]) for s in plain)
        yield folder, total / len(splits)


def inspect_published() -> Iterator[tuple[Path, float]]:
    """Logs whose results were computed over just the samples that they hold."""
    for path in sorted((LOGS / "inspect").rglob("*.*")):
        header, n_samples = inspect_header(path)
        for scores in (header.get("results") or {}).get("scores", [])[:1]:
            accuracy = scores["metrics"].get("accuracy", {}).get("value")
            if accuracy is not None and header["results"]["completed_samples"] == n_samples:
                yield path, accuracy


def inspect_header(path: Path) -> tuple[Row, int]:
    if path.suffix == ".json":
        log = json.loads(path.read_text(encoding="utf-8"))
        return log, len(log.get("samples") or ())
    with zipfile.ZipFile(path) as archive:
        n_samples = sum(name.startswith("samples/") for name in archive.namelist())
        return json.loads(archive.read("header.json")), n_samples


def published() -> list[Any]:
    if not LOGS.is_dir():
        return []
    sources = (lm_eval_published, openai_published, lighteval_published, helm_published)
    every = [pair for source in (*sources, inspect_published) for pair in source()]
    return [pytest.param(*pair, id=str(pair[0].relative_to(LOGS))) for pair in every]


@pytest.mark.parametrize(("path", "accuracy"), published())
def test_the_failure_rate_is_the_published_one(tmp_path: Path, path: Path, accuracy: float) -> None:
    landing = landing_in(tmp_path)
    landing.add([path])
    scores = predictions(landing)["score"]
    assert scores.mean() == pytest.approx(accuracy, abs=1e-12)
    if set(scores) <= {0.0, 1.0}:
        assert (scores < 1).mean() == pytest.approx(1 - accuracy, abs=1e-12)


def test_published_rates_are_there_for_each_format_that_publishes_them() -> None:
    formats = {str(case.id).split("/")[0] for case in published()}
    assert formats == {"lm_eval", "openai_evals", "lighteval", "helm", "inspect"}
    assert len(published()) >= 15
