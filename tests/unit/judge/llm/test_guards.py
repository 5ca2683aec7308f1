"""Guards of a run: the budget, the number of calls at once and per minute."""

import time
from collections.abc import Sequence
from typing import Any

import pytest

from analyst import analyst
from asking import Place, cases, is_read, settings_for
from errormap_dagster.errors import JudgeStoppedError, SettingsError
from errormap_dagster.judge.llm.record import Call
from responses import Request, Response
from server import JudgeServer

PRICES = {"judge-model": {"input": 10.0, "output": 10.0}}
REPLY_TOKENS = 500


def n_tokens(rows: Sequence[Call]) -> int:
    return sum((row.prompt_tokens or 0) + (row.completion_tokens or 0) for row in rows)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ({"run_tokens": 30_000}, {"run_tokens": 3_000_000}),
        ({"day_tokens": 30_000}, {"day_tokens": 3_000_000}),
        ({"run_usd": 0.3}, {"run_usd": 30.0}),
        ({"day_usd": 0.3}, {"day_usd": 30.0}),
    ],
)
def test_a_budget_is_not_passed_and_a_higher_one_goes_on(
    low: dict[str, float], high: dict[str, float], place: Place
) -> None:
    more: dict[str, Any] = {"prices": PRICES, "reply_tokens": REPLY_TOKENS}
    with JudgeServer(latency=0.01) as server:
        with pytest.raises(JudgeStoppedError, match=r"budget of this (run|day).*judge\.budget"):
            place.analyse(settings_for(server.base_url, budget=low, **more), cases(60))
        stopped = place.rows()
        assert n_tokens(stopped) <= 30_000
        assert sum(row.cost_usd or 0 for row in stopped) <= 0.3
        assert len(stopped) == server.n_requests
        analyses = place.analyse(settings_for(server.base_url, budget=high, **more), cases(60))
    assert 5 <= len(stopped) < 60
    assert all(is_read(analysis) for analysis in analyses)
    assert server.n_requests == 60


def test_a_budget_that_is_small_beside_the_calls_at_once_is_still_used(place: Place) -> None:
    # All eight calls at once could cost more than the budget; what they do cost is far less.
    with JudgeServer(latency=0.05) as server:
        settings = settings_for(server.base_url, budget={"run_tokens": 20_000})
        analyses = place.analyse(settings, cases(8))
    assert all(is_read(analysis) for analysis in analyses)


def test_answers_whose_tokens_nobody_tells_count_with_what_was_set_aside(place: Place) -> None:
    def silent(request: Request) -> Response:
        fine = analyst(request)
        return Response(200, lambda r: fine.body(r).replace(b'"usage"', b'"no_usage"'))

    with JudgeServer(silent) as server:
        settings = settings_for(server.base_url, budget={"run_tokens": 60_000})
        with pytest.raises(JudgeStoppedError, match="budget"):
            place.analyse(settings, cases(40))
    assert 0 < server.n_requests < 20


@pytest.mark.parametrize("budget", [{"run_usd": 1.0}, {"day_usd": 1.0}])
def test_a_budget_in_dollars_needs_a_price(budget: dict[str, Any], place: Place) -> None:
    with JudgeServer() as server:
        settings = settings_for(server.base_url, budget=budget)
        with pytest.raises(SettingsError, match=r"'judge-model'.*judge\.prices"):
            place.analyse(settings, cases(2))
    assert server.n_requests == 0


def test_no_more_calls_are_under_way_than_allowed(place: Place) -> None:
    with JudgeServer(latency=0.03) as server:
        place.analyse(settings_for(server.base_url, {"concurrency": 5}), cases(40))
    assert server.most_at_once == 5


def test_no_more_requests_are_made_in_a_minute_than_allowed(place: Place) -> None:
    with JudgeServer() as server:
        settings = settings_for(server.base_url, {"requests_per_minute": 600})
        started = time.monotonic()
        place.analyse(settings, cases(30))
    # Ten at once, and twenty more at ten in a second.
    assert 1.8 <= time.monotonic() - started < 4
