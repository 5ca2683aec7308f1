"""Faults of an endpoint: what is tried again, what costs a row, what stops a run, what is told."""

import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from analyst import analyst
from asking import Place, cases, is_read, settings_for
from errormap_dagster.errors import JudgeStoppedError
from responses import Request, Response, completion, cut, error, raw, reset, slow
from server import JudgeServer

KEY = "sk-CANARY123"
OTHER_KEY = "canary0token0without0a0prefix"
SHORT = {"timeout_seconds": 0.3}
HTML = b"<html><body>Bad gateway</body></html>"

PASSING_FAULTS: dict[str, tuple[Response, str]] = {
    "429": (error(429, "slow down", "rate_limit_exceeded"), "429"),
    "500": (error(500, "broken inside"), "500"),
    "slow": (slow(0.8, completion("{}")), "in time"),
    "cut": (cut('{"id": "chat'), "no connection"),
    "html": (raw(200, "text/html", HTML), "cannot be read"),
    "no json": (raw(200, "application/json", b"{"), "cannot be read"),
    "no choices": (raw(200, "application/json", b'{"error": {"message": "busy"}}'), "cannot be"),
    "no message": (raw(200, "application/json", b'{"choices": [{"index": 0}]}'), "cannot be"),
    "reset": (reset(), "no connection"),
}
STOPPING_FAULTS = {
    "401": error(401, "Incorrect API key provided", "invalid_api_key"),
    "404": error(404, "The model does not exist", "model_not_found"),
    "insufficient_quota": error(429, "You exceeded your quota", "insufficient_quota"),
}


def http_date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("name", PASSING_FAULTS)
def test_a_fault_that_passes_costs_one_more_request(name: str, place: Place) -> None:
    fault, _ = PASSING_FAULTS[name]

    def once(request: Request) -> Response:
        return fault if request.n == 1 else analyst(request)

    with JudgeServer(once) as server:
        analyses, effort = place.run(settings_for(server.base_url, SHORT), cases(1))
    assert is_read(analyses[0])
    assert server.n_requests == 2
    assert effort.n_retries == 1


@pytest.mark.parametrize("name", PASSING_FAULTS)
def test_a_fault_that_stays_costs_its_row_and_only_that_is_asked_again(
    name: str, place: Place
) -> None:
    fault, told = PASSING_FAULTS[name]
    is_mended = False

    def one_bad(request: Request) -> Response:
        return fault if "number 2?" in request.user and not is_mended else analyst(request)

    with JudgeServer(one_bad) as server:
        settings = settings_for(server.base_url, {**SHORT, "attempts": 2})
        analyses = place.analyse(settings, cases(4))
        statuses = sorted(row.status for row in place.rows())
        is_mended, n_before = True, server.n_requests
        again = place.analyse(settings, cases(4), "again")
    assert [is_read(analysis) for analysis in analyses] == [True, True, False, True]
    assert told in analyses[2].error_summary
    assert statuses == ["failed", "ok", "ok", "ok"]
    assert n_before == 5
    assert ["number 2?" in request.user for request in server.requests[n_before:]] == [True]
    assert all(is_read(analysis) for analysis in again)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("retry-after", lambda: "1"),
        ("retry-after", lambda: http_date(2)),
        ("retry-after-ms", lambda: "1000"),
    ],
)
def test_the_wait_that_an_endpoint_asks_for_is_kept(
    header: str, wait: Callable[[], str], place: Place
) -> None:
    times: list[float] = []

    def once(request: Request) -> Response:
        times.append(time.monotonic())
        if request.n > 1:
            return analyst(request)
        return error(429, "slow down", "rate_limit_exceeded", headers={header: wait()})

    with JudgeServer(once) as server:
        analyses = place.analyse(settings_for(server.base_url), cases(1))
    assert is_read(analyses[0])
    assert server.n_requests == 2
    # A date has whole seconds: two of them may be one and a bit.
    assert 0.95 <= times[1] - times[0] <= 2.5


@pytest.mark.parametrize("told", ["inf", "nan", "soon", "-5"])
def test_a_wait_that_makes_no_sense_is_not_kept(told: str, place: Place) -> None:
    def once(request: Request) -> Response:
        if request.n > 1:
            return analyst(request)
        return error(503, "busy", headers={"retry-after": told})

    started = time.monotonic()
    with JudgeServer(once) as server:
        analyses = place.analyse(settings_for(server.base_url), cases(1))
    assert is_read(analyses[0])
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("name", STOPPING_FAULTS)
def test_what_no_retry_can_mend_stops_the_run_at_once(name: str, place: Place) -> None:
    started = time.monotonic()
    with JudgeServer(lambda _: STOPPING_FAULTS[name]) as server:
        settings = settings_for(server.base_url, {"concurrency": 4, "attempts": 6})
        with pytest.raises(JudgeStoppedError, match=r"answered (401|404|429): .*judge check"):
            place.analyse(settings, cases(50))
    assert time.monotonic() - started < 15
    assert server.n_requests <= 8
    assert all(row.status != "ok" for row in place.rows())


def test_quota_is_recognised_by_the_type_of_the_error_too(place: Place) -> None:
    body = b'{"error": {"message": "quota", "type": "insufficient_quota", "code": null}}'
    with (
        JudgeServer(lambda _: raw(429, "application/json", body)) as server,
        pytest.raises(JudgeStoppedError),
    ):
        place.analyse(settings_for(server.base_url), cases(1))
    assert server.n_requests == 1


def test_a_stop_does_not_wait_for_pauses_that_others_were_told_to_make(place: Place) -> None:
    def one_refused(request: Request) -> Response:
        if request.n > 1:
            return error(429, "slow down", "rate_limit_exceeded", retry_after=60)
        return slow(0.3, error(401, "no such key"))

    started = time.monotonic()
    with JudgeServer(one_refused) as server, pytest.raises(JudgeStoppedError, match="401"):
        place.analyse(settings_for(server.base_url), cases(8))
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_of_hours_stops_the_run_rather_than_hang(status: int, place: Place) -> None:
    started = time.monotonic()
    with JudgeServer(lambda _: error(status, "come back", retry_after=86_400)) as server:
        limits = {"longest_wait_asked_for_seconds": 60}
        with pytest.raises(JudgeStoppedError, match=r"86400 s.*longest_wait_asked_for_seconds"):
            place.analyse(settings_for(server.base_url, limits), cases(20))
    assert time.monotonic() - started < 15


def test_an_endpoint_that_is_down_is_told_within_seconds(place: Place) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    settings = settings_for(closed, {"attempts": 6, "longest_wait_seconds": 60})
    started = time.monotonic()
    with pytest.raises(JudgeStoppedError, match="no connection to the endpoint"):
        place.analyse(settings, cases(40))
    assert time.monotonic() - started < 7
    assert all(row.status != "ok" for row in place.rows())


@pytest.mark.parametrize("key", [KEY, OTHER_KEY])
@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_key_that_the_endpoint_tells_back_stands_nowhere(
    key: str, status: int, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    told: list[str] = []

    def echo(request: Request) -> Response:
        told.append(request.headers["authorization"])
        return error(status, f"you sent {request.headers['authorization']}")

    with JudgeServer(echo) as server:
        try:
            shown = str(place.analyse(settings_for(server.base_url), cases(2)))
        except JudgeStoppedError as stopped:
            shown = str(stopped)
    assert told[0] == f"Bearer {key}"
    assert "you sent Bearer" in shown
    assert key not in shown + str(place.rows())


def test_neither_a_reply_nor_a_refusal_carries_a_key_into_the_record(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY", f"Bearer {OTHER_KEY}")

    def echo(request: Request) -> Response:
        token = request.headers["x-gateway"].removeprefix("Bearer ")
        return completion("", refusal=f"I do not like {token}")

    with JudgeServer(echo) as server:
        settings = settings_for(server.base_url, header_variables={"X-Gateway": "GATEWAY"})
        shown = str(place.analyse(settings, cases(1)))
    assert "I do not like ***" in shown
    assert OTHER_KEY not in shown + str(place.rows())
