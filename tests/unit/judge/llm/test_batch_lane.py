"""The batch lane: what is handed in, what comes back, and what a bad ending leaves behind."""

from dataclasses import replace
from typing import Any

import pytest

from analyst import analyst
from asking import Place, by_batch, cases, is_read, same
from batch_api import BatchApi, Ending
from errormap_dagster.errors import JudgeStoppedError, JudgeWaitingError, SettingsError
from errormap_dagster.judge.llm.record import Call
from errormap_dagster.judge_settings import JudgeSettings
from responses import Request, Response, completion, error
from server import JudgeServer

PRICES = {"judge-model": {"input": 10.0, "output": 10.0, "batch_input": 5.0, "batch_output": 5.0}}
EXPIRED = Ending("expired", n_answered=4)
BROKEN = completion('{"criteria": [{"criterion": "The total')


def ordinary(tmp: Place, settings: JudgeSettings, n: int) -> tuple[list[Any], list[Call]]:
    """Analyses and record of the ordinary lane for the same cases."""
    place = Place(tmp.folder / "ordinary")
    analyses = place.analyse(settings.model_copy(update={"lane": "ordinary"}), cases(n))
    return analyses, place.rows()


@pytest.mark.parametrize("mode", ["json_schema", "tools", "json"])
def test_both_lanes_give_the_same_analyses_and_the_same_record(mode: str, place: Place) -> None:
    api = BatchApi(n_polls=3)
    with JudgeServer(batches=api) as server:
        settings = by_batch(server.base_url, {"calls_per_batch": 4}, mode=mode)
        analyses, effort = place.run(settings, cases(10))
        assert server.n_requests == 0
        expected, rows = ordinary(place, settings, 10)
    assert analyses == expected
    assert same(place.rows()) == same(rows)
    assert (api.n_requests["create"], api.n_carried_out.total()) == (3, 10)
    assert (effort.n_calls, effort.n_recorded_calls) == (10, 0)
    assert all(batch.collected_at for batch in place.batches())
    assert list((place.folder / "judge_batches").iterdir()) == []


def test_what_is_on_record_is_not_submitted(place: Place) -> None:
    api = BatchApi()
    with JudgeServer(batches=api) as server:
        first = place.analyse(by_batch(server.base_url), cases(6))
        second, effort = place.run(by_batch(server.base_url), cases(9))
    assert second[:6] == first
    assert api.n_carried_out.total() == 9
    assert max(api.n_carried_out.values()) == 1
    assert (effort.n_calls, effort.n_recorded_calls) == (3, 6)


def test_two_cases_with_one_question_are_one_line(place: Place) -> None:
    api = BatchApi()
    with JudgeServer(batches=api) as server:
        analyses = place.analyse(by_batch(server.base_url), [c for c in cases(5) for _ in range(2)])
    assert analyses[::2] == analyses[1::2]
    assert api.n_carried_out.total() == 5


@pytest.mark.parametrize(
    "ending",
    [EXPIRED, replace(EXPIRED, is_rest_told=False), Ending("completed", 4, is_rest_told=False)],
)
def test_calls_that_a_batch_leaves_unanswered_go_into_the_next(
    ending: Ending, place: Place
) -> None:
    api = BatchApi(endings=[ending])
    with JudgeServer(batches=api) as server:
        analyses = place.analyse(by_batch(server.base_url), cases(10))
        assert analyses == ordinary(place, by_batch(server.base_url), 10)[0]
    assert [batch.n_calls for batch in place.batches()] == [10, 6]
    assert max(api.n_carried_out.values()) == 1
    assert [row.attempts for row in place.rows()].count(2) == 6


def test_calls_that_stay_unanswered_are_given_up_with_the_reason_and_asked_by_the_next_run(
    place: Place,
) -> None:
    api = BatchApi(endings=[replace(EXPIRED, n_answered=3), *[Ending("expired", 0)] * 2])
    with JudgeServer(batches=api) as server:
        settings = by_batch(server.base_url, {"attempts": 3})
        analyses = place.analyse(settings, cases(5))
        assert api.n_requests["create"] == 3
        assert server.n_requests == 0
        failed = [analysis for analysis in analyses if not is_read(analysis)]
        assert len(failed) == 2
        assert all("failed: " in a.error_summary for a in failed)
        assert all("batch_expired" in a.error_summary for a in failed)
        assert all(map(is_read, place.analyse(settings, cases(5))))
    assert [batch.n_calls for batch in place.batches()] == [5, 2, 2, 2]
    assert set(api.n_carried_out.values()) == {1}


def test_a_line_that_the_provider_refuses_fails_alone_and_a_hurried_one_goes_again(
    place: Place,
) -> None:
    def script(request: Request) -> Response:
        if "number 3?" in request.user:
            return error(400, "the prompt is not allowed")
        if "number 5?" in request.user and request.n <= 8:
            return error(429, "slow down", "rate_limit_exceeded")
        return analyst(request)

    api = BatchApi(script)
    with JudgeServer(script, batches=api) as server:
        analyses = place.analyse(by_batch(server.base_url), cases(8))
    assert [is_read(analysis) for analysis in analyses] == [n != 3 for n in range(8)]
    assert "failed: the endpoint answered 400" in analyses[3].error_summary
    assert "the prompt is not allowed" in analyses[3].error_summary
    assert sorted(api.n_carried_out.values()) == [1] * 7 + [2]


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ({"text": "", "refusal": "I cannot help."}, "refused"),
        ({"text": "{", "finish_reason": "content_filter"}, "refused"),
        ({"text": "{", "finish_reason": "length"}, "truncated"),
        ({"text": " \n"}, "empty"),
    ],
)
def test_an_answer_without_a_usable_reply_ends_as_in_the_ordinary_lane(
    ending: dict[str, Any], status: str, place: Place
) -> None:
    api = BatchApi(lambda _: completion(**ending))
    with JudgeServer(lambda _: completion(**ending), batches=api) as server:
        analyses = place.analyse(by_batch(server.base_url), cases(2))
        expected, rows = ordinary(place, by_batch(server.base_url), 2)
    assert analyses == expected
    assert {row.status for row in place.rows()} == {status}
    assert same(place.rows()) == same(rows)
    assert set(api.n_carried_out.values()) == {1}


def test_a_reply_of_the_wrong_form_is_repaired_once_by_the_ordinary_lane(place: Place) -> None:
    api = BatchApi(lambda r: BROKEN if "number 1?" in r.user else analyst(r))
    with JudgeServer(batches=api) as server:
        analyses = place.analyse(by_batch(server.base_url, prices=PRICES), cases(3))
        assert all(map(is_read, analyses))
        assert server.n_requests == 1
        assert place.analyse(by_batch(server.base_url), cases(3)) == analyses
        assert server.n_requests == 1
    assert api.n_carried_out.total() == 3
    assert sorted(row.attempts for row in place.rows()) == [1, 1, 2]


def test_calls_by_batch_cost_the_price_by_batch_and_nothing_is_guessed(place: Place) -> None:
    with JudgeServer(batches=BatchApi()) as server:
        _, effort = place.run(by_batch(server.base_url, prices=PRICES), cases(3))
        rows = place.rows()
        without = Place(place.folder / "without")
        only_ordinary = {"judge-model": {"input": 10.0, "output": 10.0}}
        _, unknown = without.run(by_batch(server.base_url, prices=only_ordinary), cases(3))
    tokens = sum((row.prompt_tokens or 0) + (row.completion_tokens or 0) for row in rows)
    assert effort.cost_usd == pytest.approx(tokens * 5 / 1e6)
    assert sum(row.cost_usd or 0 for row in rows) == pytest.approx(tokens * 5 / 1e6)
    assert unknown.cost_usd is None
    assert {row.cost_usd for row in without.rows()} == {None}


@pytest.mark.parametrize("budget", [{"run_tokens": 40_000}, {"day_usd": 0.2}])
def test_a_batch_takes_no_more_calls_than_the_budget_allows_and_the_next_run_goes_on(
    budget: dict[str, Any], place: Place
) -> None:
    api = BatchApi()
    with JudgeServer(batches=api) as server:
        more: dict[str, Any] = {"prices": PRICES, "reply_tokens": 500}
        with pytest.raises(JudgeStoppedError, match=r"budget of this (run|day)"):
            place.analyse(by_batch(server.base_url, budget=budget, **more), cases(60))
        rows = place.rows()
        tokens = sum((row.prompt_tokens or 0) + (row.completion_tokens or 0) for row in rows)
        assert tokens <= 40_000
        assert sum(row.cost_usd or 0 for row in rows) <= 0.2
        assert 5 <= len(rows) == api.n_carried_out.total() < 60
        # The room that cheap answers leave is used: more than one batch was submitted.
        assert api.n_requests["create"] > 1
        analyses = place.analyse(by_batch(server.base_url, **more), cases(60))
    assert all(map(is_read, analyses))
    assert max(api.n_carried_out.values()) == 1


def test_a_budget_in_dollars_needs_a_price_by_batch(place: Place) -> None:
    api = BatchApi()
    prices = {"judge-model": {"input": 10.0, "output": 10.0}}
    with JudgeServer(batches=api) as server:
        settings = by_batch(server.base_url, prices=prices, budget={"run_usd": 1.0})
        with pytest.raises(SettingsError, match="batch_input and batch_output"):
            place.analyse(settings, cases(2))
    assert api.n_requests.total() == 0


def test_what_is_with_the_provider_counts_towards_the_budget_of_a_later_run(place: Place) -> None:
    api = BatchApi(n_polls=10**9)
    with JudgeServer(batches=api) as server:
        budget = {"day_tokens": 40_000}
        settings = by_batch(server.base_url, {"wait_hours": 0}, budget=budget, reply_tokens=500)
        for n in (8, 60):
            with pytest.raises(JudgeWaitingError):
                place.analyse(settings, cases(n))
    assert sum(batch.reserved_tokens for batch in place.batches()) <= 40_000


def test_a_run_that_does_not_wait_says_so_and_a_later_one_collects(place: Place) -> None:
    api = BatchApi(n_polls=3)
    with JudgeServer(batches=api) as server:
        settings = by_batch(server.base_url, {"wait_hours": 0})
        for _ in range(2):
            with pytest.raises(JudgeWaitingError, match=r"7 calls .* batch_1\. .*run again"):
                place.analyse(settings, cases(7))
        analyses = place.analyse(settings, cases(7), "later")
        assert analyses == ordinary(place, settings, 7)[0]
    assert api.n_requests["create"] == 1
    assert set(api.n_carried_out.values()) == {1}
    assert {row.run_id for row in place.rows()} == {"run"}


def test_calls_that_are_out_are_collected_though_the_lane_is_ordinary_again(place: Place) -> None:
    api = BatchApi(n_polls=2)
    with JudgeServer(batches=api) as server:
        settings = by_batch(server.base_url, {"wait_hours": 0})
        with pytest.raises(JudgeWaitingError):
            place.analyse(settings, cases(3))
        back = by_batch(server.base_url).model_copy(update={"lane": "ordinary"})
        analyses = place.analyse(back, cases(5))
        assert server.n_requests == 2
    assert all(map(is_read, analyses))
    assert api.n_requests["create"] == 1
