"""The judge as a whole: when it ends, when its record fails, and when another is quicker."""

import sqlite3
import threading
from dataclasses import replace

import pytest

from analyst import analyst
from asking import Place, cases, is_read, settings_for
from errormap_dagster.errors import JudgeStoppedError
from errormap_dagster.judge.llm.judge import LlmJudge
from errormap_dagster.judge.llm.record import CallRecord
from errormap_dagster.project import Project
from responses import Request, Response, completion
from server import JudgeServer

BROKEN = completion('{"criteria": [{"criterion": "The total')


def threads() -> set[int]:
    """The threads of judges; other tests may have left some open."""
    named = (t for t in threading.enumerate() if t.name.startswith("judge-c"))
    return {t.ident or 0 for t in named}


def test_a_closed_judge_leaves_no_thread_and_can_be_asked_again(place: Place) -> None:
    others = threads()
    with JudgeServer() as server:
        judge = LlmJudge(settings_for(server.base_url), place.url, "run")
        judge.close()
        for n in (1, 2):
            assert len(list(judge.analyse(cases(2 * n)))) == 2 * n
            assert threads() > others
            judge.close()
            judge.close()
            assert threads() == others
    effort = judge.effort()
    assert (effort.n_calls, effort.n_recorded_calls) == (4, 2)


def test_what_is_in_flight_when_a_judge_is_closed_is_recorded(place: Place) -> None:
    with JudgeServer(latency=0.3) as server:
        judge = LlmJudge(settings_for(server.base_url, {"concurrency": 4}), place.url, "run")
        answers = judge.analyse(cases(30))
        next(answers)
        judge.close()
        assert server.n_requests == len(place.rows()) < 30


def test_a_project_closes_its_judge(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    others = threads()
    with JudgeServer() as server:
        monkeypatch.setenv("ERRORMAP_JUDGE", "llm")
        monkeypatch.setenv("ERRORMAP_JUDGE_MODEL", "judge-model")
        monkeypatch.setenv("ERRORMAP_JUDGE_BASE_URL", server.base_url)
        project = Project.open(place.folder)
        project.close()
        assert len(list(project.judge.analyse(cases(2)))) == 2
        project.close()
    assert threads() == others


def test_a_record_that_fails_stops_the_run_before_more_is_paid(place: Place) -> None:
    def broken_at_the_third(request: Request) -> Response:
        if request.n == 3:
            with sqlite3.connect(place.folder / "calls.sqlite") as other:
                other.execute("drop table judge_calls")
        return analyst(request)

    with JudgeServer(broken_at_the_third) as server:
        settings = settings_for(server.base_url, {"concurrency": 2})
        with pytest.raises(JudgeStoppedError, match=r"calls\.sqlite.*cannot be read or written"):
            place.analyse(settings, cases(60))
    assert server.n_requests <= 12


def test_a_repair_that_another_run_made_worse_costs_its_row_and_no_more(place: Place) -> None:
    def outrun(request: Request) -> Response:
        if request.n == 2:
            record = CallRecord.open(place.url)
            (row,) = record.rows()
            assert row.reply is not None
            record.mend(replace(row, reply=row.reply.replace("The total", "A sum")), row.reply)
            record.close()
        return analyst(request) if "number 1?" in request.user else BROKEN

    with JudgeServer(outrun) as server:
        settings = settings_for(server.base_url, {"concurrency": 1})
        first, second = place.analyse(settings, cases(2))
    assert "invalid_reply: the reply has the wrong form" in first.error_summary
    assert not is_read(first)
    assert is_read(second)
