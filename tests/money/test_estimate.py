"""What a run would spend, held against what it then spends."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from costs import N_FAILURES, at_length, counting, opened, usual_length, write_predictions
from errormap_dagster.cli.main import app
from errormap_dagster.errors import JudgeStoppedError
from errormap_dagster.judge.interface import Effort
from errormap_dagster.judge.llm.token_count import tokens_about
from errormap_dagster.judge_settings import BudgetSettings
from errormap_dagster.project import Project
from errormap_dagster.stages.budgets import limits
from errormap_dagster.stages.chain import run_chain
from errormap_dagster.stages.estimate import Estimate, StageEstimate, estimate
from server import JudgeServer

ALLOWED = 0.15


def totals(told: Estimate) -> dict[str, float]:
    return {
        "calls": sum(s.n_calls for s in told.stages),
        "prompt tokens": sum(s.prompt_tokens for s in told.stages),
        "completion tokens": sum(s.completion_tokens for s in told.stages),
        "dollars": sum(s.cost_usd or 0.0 for s in told.stages),
    }


def spent(effort: Effort) -> dict[str, float]:
    return {
        "calls": effort.n_calls,
        "prompt tokens": effort.prompt_tokens,
        "completion tokens": effort.completion_tokens,
        "dollars": effort.cost_usd or 0.0,
    }


def far_off(told: Mapping[str, float], happened: Mapping[str, float]) -> dict[str, float]:
    """The figures that are off by more than is allowed, each with how far."""
    off = {name: told[name] / happened[name] - 1 for name in happened}
    return {name: share for name, share in off.items() if abs(share) > ALLOWED}


def state(home: Path) -> dict[str, str]:
    """All that lies in a home; beside SQLite's file lie its logs, which readers touch too."""
    files = [path for path in home.rglob("*") if path.is_file() and ".sqlite-" not in path.name]
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_the_first_estimate_of_all_comes_close_to_what_then_happens(tmp_path: Path) -> None:
    paths = write_predictions(tmp_path / "in")
    with JudgeServer(counting(3.9, usual_length)) as server:
        told = estimate(opened(tmp_path / "home", server.base_url), paths)
        assert server.n_requests == 0
        project = opened(tmp_path / "home", server.base_url)
        run_chain(project, paths)
    assert told.stages[0].n_calls == N_FAILURES
    assert far_off(totals(told), spent(project.judge.effort())) == {}


def test_after_a_run_that_its_budget_stopped_the_record_tells_what_is_left(tmp_path: Path) -> None:
    paths = write_predictions(tmp_path / "in")
    home = tmp_path / "home"
    with JudgeServer(counting(2.6, at_length)) as server:
        with pytest.raises(JudgeStoppedError, match="budget"):
            run_chain(opened(home, server.base_url, budget={"run_tokens": 150_000}), paths)
        told = estimate(opened(home, server.base_url))
        project = opened(home, server.base_url, run_id="second")
        run_chain(project)
    happened = project.judge.effort()
    analyse = told.stages[0]
    assert 20 < analyse.n_calls < N_FAILURES - 20
    assert analyse.n_replies_from_record >= 20
    assert happened.n_recorded_calls >= analyse.n_recorded
    assert far_off(totals(told), spent(happened)) == {}


def test_a_model_that_lands_later_is_estimated_from_the_calls_for_others(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with JudgeServer(counting(2.6, at_length)) as server:
        run_chain(opened(home, server.base_url), write_predictions(tmp_path / "in", ("sums",)))
        more = write_predictions(tmp_path / "more", ("stories",))
        told = estimate(opened(home, server.base_url), more)
        project = opened(home, server.base_url)
        run_chain(project, more)
    assert all(s.is_count_from_record for s in told.stages)
    assert [s.stage for s in told.stages] == ["analyse", "classify"]
    assert far_off(totals(told), spent(project.judge.effort())) == {}


def test_an_unchanged_home_costs_nothing(tmp_path: Path) -> None:
    with JudgeServer() as server:
        paths = write_predictions(tmp_path / "in")
        run_chain(opened(tmp_path / "home", server.base_url), paths)
        n_requests = server.n_requests
        assert estimate(opened(tmp_path / "home", server.base_url), paths).stages == []
        assert server.n_requests == n_requests


def test_the_home_stays_as_it_was_and_files_that_wait_are_counted(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with JudgeServer() as server:
        run_chain(opened(home, server.base_url), write_predictions(tmp_path / "in", ("sums",)))
        write_predictions(home / "landing", ("stories",))
        project = opened(home, server.base_url)
        before = state(home)
        told = estimate(project)
    assert told.new_files == ["stories.jsonl"]
    assert told.stages[0].n_calls == N_FAILURES / 2
    assert state(home) == before


def test_where_no_price_is_known_tokens_alone_are_told(tmp_path: Path) -> None:
    paths = write_predictions(tmp_path / "in")
    project = opened(tmp_path / "home", "http://127.0.0.1:9/v1", model="house-model")
    told = estimate(project, paths)
    assert {s.cost_usd for s in told.stages} == {None}
    assert all(s.prompt_tokens for s in told.stages)


def test_the_embedded_analyst_costs_nothing(tmp_path: Path) -> None:
    assert estimate(Project.open(tmp_path / "home"), write_predictions(tmp_path / "in")) == (
        Estimate()
    )


def stage(name: str, n_calls: int, prompt_tokens: int, cost_usd: float | None) -> StageEstimate:
    """An estimate with half as many tokens received as sent."""
    return StageEstimate(
        stage=name,
        model="m",
        n_recorded=0,
        n_calls=n_calls,
        n_tries=n_calls,
        prompt_tokens=prompt_tokens,
        completion_tokens=prompt_tokens // 2,
        cost_usd=cost_usd,
        is_count_from_record=False,
        n_replies_from_record=0,
    )


@pytest.mark.parametrize(
    ("budget", "expected", "stops"),
    [
        ({"run_usd": 10}, 3.0, (None, 0)),
        ({"run_usd": 1}, 3.0, ("analyse", 50)),
        ({"run_usd": 2.5}, 3.0, ("classify", 5)),
        ({"day_usd": 2.5}, 3.0, ("analyse", 75)),
        ({"run_tokens": 1_000}, 1_650.0, ("analyse", 66)),
        ({"day_tokens": 10}, 1_650.0, ("analyse", 0)),
    ],
)
def test_a_budget_is_held_against_the_estimate(
    budget: dict[str, float], expected: float, stops: tuple[str | None, int]
) -> None:
    stages = [stage("analyse", 100, 1_000, 2.0), stage("classify", 10, 100, 1.0)]
    (limit,) = limits(BudgetSettings.model_validate(budget), (1.0, 40), stages)
    assert (limit.expected, limit.stops_in, limit.stops_after) == (expected, *stops)


def test_a_budget_in_dollars_without_a_price_expects_nothing() -> None:
    stages = [stage("analyse", 100, 1_000, None)]
    (limit,) = limits(BudgetSettings(run_usd=1), (0.0, 0), stages)
    assert limit.expected is None


def test_the_command_tells_the_total_what_it_rests_on_and_the_remedy_for_a_price(
    tmp_path: Path,
) -> None:
    budget = {"run_tokens": 50_000, "run_usd": 1}
    opened(tmp_path / "home", "http://127.0.0.1:9/v1", model="[house]", budget=budget)
    path = write_predictions(tmp_path / "in", ("sums",))[0]
    asked = ["estimate", str(path), "--home", str(tmp_path / "home")]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    for part in ("total", "not known", "judge.prices", "[house]", "NOT enough", "a default"):
        assert part in result.output
    told = json.loads(CliRunner().invoke(app, [*asked, "--json"]).output)
    assert told["total"]["n_calls"] > N_FAILURES / 2
    assert told["total"]["cost_usd"] is None
    assert [limit["stops_in"] for limit in told["budget"]] == [None, "analyse"]


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("", 0),
        ("three plain words", 3),
        ("12345 + x_1", 5),
        ("internationalisation", 2),
        ("数学", 2),
    ],
)
def test_tokens_are_counted_by_their_pieces(text: str, n: int) -> None:
    assert tokens_about(text) == n
