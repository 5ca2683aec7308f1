"""A second judge and repeats: what they say of the first, what they cost, and when they do not."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from costs import PRICES, counting, usual_length, write_predictions
from errormap_dagster.errors import SettingsError
from errormap_dagster.project import Project
from errormap_dagster.stages.bundle import write_bundle
from errormap_dagster.stages.chain import run_chain
from errormap_dagster.stages.estimate import estimate
from errormap_dagster.stages.replay import replay_bundle
from errormap_dagster.stages.staleness import pending_work
from server import JudgeServer

N_SAMPLE = 30


def judge(base_url: str, **given: Any) -> dict[str, Any]:
    limits = {"attempts": 2, "longest_wait_seconds": 0.1, "patience_seconds": 0.3, "concurrency": 8}
    return {
        "kind": "llm",
        "model": "judge-model",
        "base_url": base_url,
        "prices": PRICES,
        "limits": limits,
        **given,
    }


def opened(home: Path, first: dict[str, Any], trust: dict[str, Any], run: str = "one") -> Project:
    home.mkdir(exist_ok=True)
    document = {"judge": first, "trust": {"sample": N_SAMPLE, **trust}}
    (home / "errormap.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return Project.open(home, run_id=run)


def overall(project: Project) -> dict[str, dict[str, Any]]:
    rows = project.store.read("judge_trust").filter(
        pl.col("taxonomy") == "atlas", pl.col("category_id") == "all"
    )
    return {row["kind"]: row for row in rows.iter_rows(named=True)}


def test_other_readers_are_held_against_the_judge_estimated_and_never_asked_twice(
    tmp_path: Path,
) -> None:
    home, paths = tmp_path / "home", write_predictions(tmp_path / "in", ("sums",))
    with JudgeServer(counting(4, usual_length)) as server:
        first = judge(server.base_url)
        run_chain(opened(home, first, {}), paths)
        n_before = server.n_requests
        second = judge(server.base_url, model="other-model")
        trust = {"second_judge": second, "repeats": 2}
        told = estimate(opened(home, first, trust))
        assert server.n_requests == n_before
        run_chain(opened(home, first, trust))
        asked = server.n_requests - n_before
        # The sample by three readers, and the calls that classify in two taxonomies.
        assert sum(stage.n_calls for stage in told.stages) == asked == 3 * (N_SAMPLE + 2)
        assert {stage.stage for stage in told.stages if "seed 1" in stage.stage} == {
            *("analyse (judge-model, seed 1)", "classify (judge-model, seed 1)"),
        }
        project = opened(home, first, trust)
        assert not [work for work in pending_work(project) if work.table.startswith("judge_")]
        run_chain(project)
        assert server.n_requests - n_before == asked
        write_bundle(project, tmp_path / "study.zip")
    rows = overall(project)
    assert rows["second_judge"]["reviewer"] == "other-model, v1"
    assert rows["repeat"]["reviewer"] == "judge-model, seed 1, judge-model, seed 2"
    for kind in ("second_judge", "repeat"):
        assert rows[kind]["n_reviewed"] == N_SAMPLE
        assert rows[kind]["kappa_low"] <= rows[kind]["kappa"] <= rows[kind]["kappa_high"]
    assert rows["human"]["n_reviewed"] == 0
    readings = project.store.read("judge_reviews")
    assert readings["call_id"].null_count() == 0
    replayed = replay_bundle(tmp_path / "study.zip", tmp_path / "elsewhere")
    assert (replayed.same_rows, replayed.other_rows) == ([], [])
    settings = (tmp_path / "elsewhere" / "errormap.yaml").read_text()
    assert server.base_url not in settings
    assert "other-model" in settings


def test_a_second_judge_that_is_down_costs_a_reason_and_is_asked_by_the_next_run(
    tmp_path: Path,
) -> None:
    home, paths = tmp_path / "home", write_predictions(tmp_path / "in", ("sums",))
    with JudgeServer() as server:
        down = judge("http://127.0.0.1:9/v1", model="other-model")
        run_chain(opened(home, {}, {"second_judge": down}), paths)
        row = overall(Project.open(home))["second_judge"]
        assert "could not go on" in row["reason"]
        assert row["kappa"] is None
        assert "judge_trust" in {work.table for work in pending_work(Project.open(home))}
        up = judge(server.base_url, model="other-model")
        told = estimate(opened(home, {}, {"second_judge": up}))
        run_chain(opened(home, {}, {"second_judge": up}))
        assert sum(stage.n_calls for stage in told.stages) == server.n_requests > N_SAMPLE
    row = overall(Project.open(home))["second_judge"]
    assert (row["n_reviewed"], row["reason"]) == (N_SAMPLE, None)


@pytest.mark.parametrize(
    ("first", "trust", "reasons"),
    [
        ({}, {}, {"second_judge": "none is named", "repeat": "follows rules"}),
        ({}, {"second_judge": {}, "repeats": 3}, {"second_judge": "the first judge"}),
    ],
)
def test_a_reader_that_would_say_the_same_is_no_agreement(
    tmp_path: Path, first: dict[str, Any], trust: dict[str, Any], reasons: dict[str, str]
) -> None:
    paths = write_predictions(tmp_path / "in", ("sums",))
    project = opened(tmp_path / "home", first, trust)
    run_chain(project, paths)
    rows = overall(project)
    assert list(rows) == ["human", "second_judge", "repeat"]
    for kind, told in reasons.items():
        assert told in rows[kind]["reason"]
        assert rows[kind]["kappa"] is None


def test_a_prompt_version_that_does_not_exist_is_told(tmp_path: Path) -> None:
    first = judge("http://127.0.0.1:9/v1")
    project = opened(tmp_path / "home", first, {"repeat_prompts": ["v9"]})
    with pytest.raises(SettingsError, match="v9"):
        pending_work(project)
