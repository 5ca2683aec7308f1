"""Guards of a run: the budget, the number of calls at once and per minute."""

import asyncio
import resource
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analyst import analyst
from asking import Place, cases, is_read, settings_for
from errormap_dagster.errors import JudgeStoppedError, SettingsError
from errormap_dagster.judge.llm.guards import Budget
from errormap_dagster.judge.llm.record import Call, CallRecord
from errormap_dagster.judge_settings import BudgetSettings
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


def test_what_nobody_tells_counts_in_the_next_run_of_the_day_too(place: Place) -> None:
    def silent(request: Request) -> Response:
        fine = analyst(request)
        return Response(200, lambda r: fine.body(r).replace(b'"usage"', b'"no_usage"'))

    with JudgeServer(silent) as server:
        settings = settings_for(server.base_url, budget={"day_tokens": 60_000})
        for run_id in ("first", "second"):
            n_before = server.n_requests
            with pytest.raises(JudgeStoppedError, match="budget of this day"):
                place.analyse(settings, cases(40), run_id)
    assert 0 < n_before == server.n_requests


def test_the_budget_of_a_day_begins_anew_at_midnight_of_utc(place: Place) -> None:
    clock = [datetime(2026, 3, 1, 23, 59, tzinfo=UTC)]
    record = CallRecord.open(place.url)

    async def tell() -> list[str]:
        budget = Budget(BudgetSettings(day_tokens=1_000), record, "run", lambda: clock[0])
        told: list[str] = []
        for minutes in (0, 0, 1, 0, 24 * 60):
            clock[0] += timedelta(minutes=minutes)
            try:
                budget.settle(await budget.set_aside("m", None, 500, 400), None, None)
                told.append("asked")
            except JudgeStoppedError:
                told.append("stopped")
        return told

    assert asyncio.run(tell()) == ["asked", "stopped", "asked", "stopped", "asked"]
    record.close()


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


def test_more_than_a_thousand_calls_can_be_under_way(place: Place) -> None:
    n, soft = 1_100, resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft != resource.RLIM_INFINITY and soft < 2 * n + 200:
        pytest.skip(f"this process may open {soft} files; both ends of {n} connections need more")
    all_came = asyncio.Event()

    async def wait_for_all(request: Request) -> Response:
        if request.n == n:
            all_came.set()
        await asyncio.wait_for(all_came.wait(), 60)
        return analyst(request)

    with JudgeServer(wait_for_all) as server:
        limits = {"concurrency": n, "timeout_seconds": 120}
        analyses = place.analyse(settings_for(server.base_url, limits), cases(n))
    assert server.most_at_once == n
    assert all(is_read(analysis) for analysis in analyses)


def test_no_more_requests_are_made_in_a_minute_than_allowed(place: Place) -> None:
    with JudgeServer() as server:
        settings = settings_for(server.base_url, {"requests_per_minute": 600})
        started = time.monotonic()
        place.analyse(settings, cases(30))
    # Ten at once, and twenty more at ten in a second.
    assert 1.8 <= time.monotonic() - started < 4
