"""One question, one answer: what is sent, what is recorded, what is asked again and what is not."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from analyst import analyst
from asking import Place, cases, is_read, settings_for
from errormap_dagster.judge.llm.replies import AnalysisReply
from faults import faulty
from responses import Request, Response, completion
from server import JudgeServer

N_INTERRUPTED = 60
INTERRUPTED_RUN = """
import sys
from pathlib import Path
from asking import Place, cases, settings_for
place = Place(Path(sys.argv[2]))
place.analyse(settings_for(sys.argv[1], {"concurrency": 4}), cases(int(sys.argv[3])))
"""
BROKEN = completion('{"criteria": [{"criterion": "The total')
WRONG_SCHEMA = completion('{"criteria": [], "outcome": "perhaps"}')


@pytest.mark.parametrize("mode", ["json_schema", "tools", "json"])
def test_every_mode_gives_an_analysis(mode: str, place: Place) -> None:
    with JudgeServer() as server:
        analyses = place.analyse(settings_for(server.base_url, mode=mode), cases(8))
    assert all(is_read(analysis) for analysis in analyses)
    assert all(row.status == "ok" for row in place.rows())
    assert len(server.requests) == 8


def test_the_schema_is_sent_as_strict(place: Place) -> None:
    with JudgeServer() as server:
        place.analyse(settings_for(server.base_url), cases(1))
    form = server.requests[0].body["response_format"]
    assert form["type"] == "json_schema"
    assert form["json_schema"]["strict"] is True
    assert set(form["json_schema"]["schema"]["properties"]) == set(AnalysisReply.model_fields)
    assert form["json_schema"]["schema"]["additionalProperties"] is False


def test_the_tool_is_sent_as_strict_and_must_be_called(place: Place) -> None:
    with JudgeServer() as server:
        place.analyse(settings_for(server.base_url, mode="tools"), cases(1))
    body = server.requests[0].body
    function = body["tools"][0]["function"]
    assert function["strict"] is True
    assert set(function["parameters"]["properties"]) == set(AnalysisReply.model_fields)
    assert body["tool_choice"]["function"]["name"] == function["name"]


def test_servers_that_know_no_schema_are_not_sent_one_as_a_form(place: Place) -> None:
    with JudgeServer() as server:
        place.analyse(settings_for(server.base_url, mode="json"), cases(1))
    assert server.requests[0].body["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("mode", ["json_schema", "tools", "json"])
@pytest.mark.parametrize(("bad", "complaint"), [(BROKEN, "JSON"), (WRONG_SCHEMA, "outcome")])
def test_a_reply_of_the_wrong_form_is_repaired_with_one_request_that_names_the_mistake(
    mode: str, bad: Response, complaint: str, place: Place
) -> None:
    def wrong_first(request: Request) -> Response:
        return bad if request.n == 1 else analyst(request)

    with JudgeServer(wrong_first) as server:
        analyses = place.analyse(settings_for(server.base_url, mode=mode), cases(1))
    first, second = (request.body["messages"] for request in server.requests)
    assert is_read(analyses[0])
    assert len(second) > len(first)
    assert complaint in str(second[len(first) :])
    row = place.rows()[0]
    assert (row.status, row.attempts) == ("ok", 2)


@pytest.mark.parametrize("mode", ["json_schema", "tools", "json"])
@pytest.mark.parametrize("bad", [BROKEN, WRONG_SCHEMA])
def test_a_reply_that_stays_of_the_wrong_form_is_given_up_after_one_repair(
    mode: str, bad: Response, place: Place
) -> None:
    with JudgeServer(lambda _: bad) as server:
        settings = settings_for(server.base_url, mode=mode)
        analyses = place.analyse(settings, cases(1))
        assert server.n_requests == 2
        place.analyse(settings, cases(1))
    assert not is_read(analyses[0])
    assert "invalid_reply: " in analyses[0].error_summary
    assert server.n_requests == 4
    assert [row.status for row in place.rows()] == ["invalid_reply"]


@pytest.mark.parametrize("mode", ["json_schema", "tools"])
@pytest.mark.parametrize(
    ("ending", "status", "told"),
    [
        ({"text": "", "refusal": "I cannot help."}, "refused", "I cannot help."),
        ({"text": "{", "finish_reason": "content_filter"}, "refused", "content filter"),
        ({"text": "{", "finish_reason": "length"}, "truncated", "reply_tokens"),
    ],
)
def test_a_call_without_a_usable_reply_says_how_it_ended(
    mode: str, ending: dict[str, Any], status: str, told: str, place: Place
) -> None:
    with JudgeServer(lambda _: completion(**ending)) as server:
        analyses = place.analyse(settings_for(server.base_url, mode=mode), cases(1))
    row = place.rows()[0]
    assert server.n_requests == 1
    assert row.status == status
    assert told in (row.reason or "")
    assert not is_read(analyses[0])
    assert f"{status}: {row.reason}" in analyses[0].error_summary


def test_an_empty_reply_is_told_as_such(place: Place) -> None:
    with JudgeServer(lambda _: completion(" \n")) as server:
        analyses = place.analyse(settings_for(server.base_url), cases(1))
    assert "empty: the reply is empty" in analyses[0].error_summary
    assert [row.status for row in place.rows()] == ["empty"]


def test_two_cases_with_one_question_cost_one_request(place: Place) -> None:
    twice = [case for case in cases(5) for _ in range(2)]
    with JudgeServer(latency=0.05) as server:
        analyses = place.analyse(settings_for(server.base_url), twice)
    assert server.n_requests == 5
    assert analyses[::2] == analyses[1::2]


def test_a_second_run_asks_nothing_and_reads_the_same(place: Place) -> None:
    with JudgeServer() as server:
        settings = settings_for(server.base_url)
        first = place.analyse(settings, cases(10), "first")
        second, effort = place.run(settings, cases(10), "second")
    assert second == first
    assert server.n_requests == 10
    assert (effort.n_calls, effort.n_recorded_calls) == (0, 10)


def test_a_repaired_reply_is_not_asked_again_either(place: Place) -> None:
    with JudgeServer(faulty({}, broken_json=1.0, then=analyst)) as server:
        settings = settings_for(server.base_url)
        first = place.analyse(settings, cases(6))
        assert server.n_requests == 12
        assert place.analyse(settings, cases(6)) == first
    assert server.n_requests == 12


def test_replies_with_unusual_lesser_fields_are_read(place: Place) -> None:
    def liberal(request: Request) -> Response:
        fine = analyst(request)
        return Response(
            200,
            lambda asked: (
                fine.body(asked)
                .replace(b'"finish_reason": "stop"', b'"finish_reason": "eos"')
                .replace(b'"usage": {', b'"service_tier": "on_demand", "usage": {')
                .replace(b'"id": "chatcmpl', b'"no-id": "chatcmpl')
            ),
        )

    with JudgeServer(liberal) as server:
        settings = settings_for(server.base_url)
        analyses = place.analyse(settings, cases(4))
        assert place.analyse(settings, cases(4)) == analyses
    assert all(is_read(analysis) for analysis in analyses)
    assert server.n_requests == 4


def test_half_a_character_in_a_reply_spoils_nothing(place: Place) -> None:
    def half(request: Request) -> Response:
        fine = analyst(request)
        return Response(200, lambda r: fine.body(r).replace(b"This step is", rb"\ud83d step is"))

    with JudgeServer(half) as server:
        analyses = place.analyse(settings_for(server.base_url), cases(2))
    assert all(is_read(analysis) for analysis in analyses)


def test_a_run_over_a_flaky_endpoint_reads_every_case_without_a_needless_request(
    place: Place,
) -> None:
    script = faulty({429: 0.05, 500: 0.05}, broken_json=0.02, then=analyst, seed=3)
    with JudgeServer(script) as server:
        limits = {"attempts": 6, "concurrency": 32}
        analyses = place.analyse(settings_for(server.base_url, limits), cases(300))
    assert all(is_read(analysis) for analysis in analyses)
    assert script.n_injected > 10
    assert server.n_requests == 300 + script.n_injected


def test_a_killed_run_goes_on_without_asking_again_what_was_answered(tmp_path: Path) -> None:
    interrupted, undisturbed = Place(tmp_path / "killed"), Place(tmp_path / "whole")
    with JudgeServer(latency=0.05) as server:
        settings = settings_for(server.base_url, {"concurrency": 4})
        paths = [str(Path(__file__).parents[3] / "judge_server"), *filter(None, sys.path)]
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", INTERRUPTED_RUN),
                *(server.base_url, str(interrupted.folder), str(N_INTERRUPTED)),
            ],
            env={"PYTHONPATH": ":".join(paths)},
        )
        while server.n_requests < N_INTERRUPTED // 2 and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        n_answered = len(interrupted.rows())
        n_before = server.n_requests
        analyses = interrupted.analyse(settings, cases(N_INTERRUPTED))
        n_after = server.n_requests
        expected = undisturbed.analyse(settings, cases(N_INTERRUPTED))
    before = [request.user for request in server.requests[:n_before]]
    after = [request.user for request in server.requests[n_before:n_after]]
    assert 0 < n_answered < N_INTERRUPTED
    assert len(after) == N_INTERRUPTED - n_answered
    # What was asked twice had not returned when the process ended.
    assert len(set(before) & set(after)) == n_before - n_answered <= 4
    assert analyses == expected
