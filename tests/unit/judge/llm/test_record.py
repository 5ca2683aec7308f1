"""The record of calls: which reply stays, what adds up, and what many askers at once may do."""

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy.exc import StatementError

from errormap_dagster.errors import JudgeStoppedError, SettingsError
from errormap_dagster.judge.llm.record import ROWS_PER_PART, Call, CallRecord, Entry, Spent

SPAWN = multiprocessing.get_context("spawn")
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ASKED = Call(
    call_id="a",
    stage="analyse",
    judge="judge-1",
    prompt_hash="p",
    reply_schema_hash="s",
    parameters="{}",
    status="ok",
    attempts=1,
    prompt_tokens=100,
    cached_prompt_tokens=40,
    completion_tokens=10,
    cost_usd=0.25,
    seconds=2.0,
    called_at=NOON,
    run_id="run-1",
    reply='{"n": 1}',
    reason=None,
)
FAILED = replace(ASKED, status="failed", reply=None, reason="timeout", run_id="run-0")
INVALID = replace(ASKED, status="invalid_reply", reply='"half', reason="no JSON")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database of each kind that the record may be in."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/folder/calls.db"
    postgres = request.getfixturevalue("postgres")
    return postgres.url_of(postgres.new_database())


@pytest.fixture
def record(url: str) -> Iterator[CallRecord]:
    opened = CallRecord.open(url)
    yield opened
    opened.close()


def twice(call: Call) -> Call:
    """The call with its amounts as if it had been paid twice."""
    return replace(
        call,
        attempts=2,
        prompt_tokens=200,
        cached_prompt_tokens=80,
        completion_tokens=20,
        cost_usd=0.5,
        seconds=4.0,
    )


def save_numbered(url: str, first: int, start: Barrier) -> None:
    """Save 200 calls, half of them those of the next process too."""
    start.wait()
    record = CallRecord.open(url)
    for number in range(first, first + 200):
        record.save(replace(ASKED, call_id=f"{number:04}", reply=str(first)))
    record.close()


def save_and_be_killed(url: str) -> None:
    CallRecord.open(url).save(ASKED)
    os.kill(os.getpid(), signal.SIGKILL)


def test_call_that_nobody_made_is_not_found(record: CallRecord) -> None:
    assert record.find("a") is None


def test_call_is_read_back_as_it_was_saved(record: CallRecord) -> None:
    assert record.save(ASKED) == ASKED
    assert record.find("a") == ASKED


def test_first_ok_reply_stays_and_amounts_add_up(record: CallRecord) -> None:
    record.save(ASKED)
    late = replace(ASKED, reply='{"n": 2}', run_id="run-2", called_at=NOON + timedelta(hours=1))
    assert record.save(late) == twice(ASKED)


def test_failed_call_is_replaced_by_an_ok_one(record: CallRecord) -> None:
    record.save(FAILED)
    assert record.save(ASKED) == twice(ASKED)


def test_failed_call_does_not_replace_an_ok_one(record: CallRecord) -> None:
    record.save(ASKED)
    assert record.save(FAILED) == twice(ASKED)


def test_repair_replaces_the_invalid_reply_once(record: CallRecord) -> None:
    record.save(INVALID)
    assert record.mend(ASKED, '"half') == twice(ASKED)
    again = record.mend(replace(ASKED, reply='{"n": 3}'), '"half')
    assert (again.status, again.reply, again.attempts) == ("ok", '{"n": 1}', 3)
    assert record.find("a") == again


def test_repair_does_not_touch_a_row_without_a_reply(record: CallRecord) -> None:
    record.save(FAILED)
    assert record.mend(ASKED, '"half') == twice(FAILED)


@pytest.mark.parametrize(
    ("first", "second", "total"),
    [(None, None, None), (None, 3, 3), (3, None, 3), (3, 4, 7)],
)
def test_unknown_amounts_add_nothing(
    record: CallRecord, first: int | None, second: int | None, total: int | None
) -> None:
    for amount in (first, second):
        row = record.save(
            replace(ASKED, prompt_tokens=amount, completion_tokens=amount, cost_usd=amount)
        )
    assert (row.prompt_tokens, row.completion_tokens, row.cost_usd) == (total, total, total)
    assert record.spent() == (total or 0, 2 * (total or 0))


def test_spent_counts_a_run_and_a_time(record: CallRecord) -> None:
    assert record.spent() == (0.0, 0)
    record.save(ASKED)
    evening = NOON + timedelta(hours=6)
    record.save(replace(ASKED, call_id="b", run_id="run-2", called_at=evening))
    assert record.spent() == (0.5, 220)
    assert record.spent("run-2") == (0.25, 110)
    assert record.spent(since=evening) == (0.25, 110)
    assert record.spent(since=evening.astimezone(timezone(timedelta(hours=-9)))) == (0.25, 110)
    assert record.spent("run-1", since=evening) == (0.0, 0)


def test_each_run_is_charged_for_what_it_paid_whoever_got_the_reply_in_force(
    record: CallRecord,
) -> None:
    record.save(ASKED)
    record.save(replace(ASKED, run_id="run-2", called_at=NOON + timedelta(days=1)))
    record.mend(replace(ASKED, run_id="run-3"), "no such reply")
    assert [record.spent(f"run-{n}") for n in (1, 2, 3)] == [(0.25, 110)] * 3
    assert record.spent(since=NOON + timedelta(days=1)) == (0.25, 110)
    row = record.find("a")
    assert row is not None
    assert (row.run_id, row.cost_usd) == ("run-1", 0.75)


def test_what_a_call_does_not_tell_can_be_counted_beside_it(record: CallRecord) -> None:
    silent = replace(ASKED, prompt_tokens=None, completion_tokens=None, cost_usd=None)
    assert record.save(silent, Spent(0.5, 900)).cost_usd is None
    assert record.spent("run-1") == (0.5, 900)


def test_many_are_written_at_once_each_as_by_itself(record: CallRecord) -> None:
    entries = [
        Entry(INVALID),
        Entry(replace(ASKED, call_id="b")),
        Entry(ASKED, '"half'),
        Entry(replace(ASKED, reply='{"n": 2}')),
        Entry(replace(FAILED, call_id="c")),
    ]
    written = record.write(entries)
    assert [call.call_id for call in written] == ["a", "b", "a", "a", "c"]
    assert [call.reply for call in written[2:4]] == ['{"n": 1}'] * 2
    assert [(row.call_id, row.attempts) for row in record.rows()] == [("a", 3), ("b", 1), ("c", 1)]
    assert record.find_all(["c", "a", "x"]).keys() == {"a", "c"}


TABLE_GONE = r"(?s)(calls\.db.*no such table|does not exist).*errormap run"


def test_a_database_that_fails_stops_the_run_in_plain_words(record: CallRecord) -> None:
    with record.engine.begin() as connection:
        connection.exec_driver_sql("drop table judge_calls")
    for use in (lambda: record.find("a"), lambda: record.save(ASKED), lambda: list(record.rows())):
        with pytest.raises(JudgeStoppedError, match=TABLE_GONE):
            use()


def test_time_comes_back_in_utc(record: CallRecord) -> None:
    local = NOON.astimezone(timezone(timedelta(hours=5)))
    assert record.save(replace(ASKED, called_at=local)).called_at.isoformat() == NOON.isoformat()


def test_rows_are_sorted_across_parts(record: CallRecord) -> None:
    call_ids = [f"{letter}{n}" for letter in "bBä_" for n in range(ROWS_PER_PART // 4 + 1)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda call_id: record.save(replace(ASKED, call_id=call_id)), call_ids))
    assert [call.call_id for call in record.rows()] == sorted(call_ids)


def test_processes_that_open_and_save_at_once_store_each_call_once(url: str) -> None:
    start = SPAWN.Barrier(4)
    firsts = (0, 100, 200, 300)
    processes = [SPAWN.Process(target=save_numbered, args=(url, n, start)) for n in firsts]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    record = CallRecord.open(url)
    rows = list(record.rows())
    record.close()
    assert [row.call_id for row in rows] == [f"{number:04}" for number in range(500)]
    assert sum(row.attempts for row in rows) == 800
    assert record.spent() == (200.0, 800 * 110)


def test_saved_call_outlives_a_killed_process(url: str) -> None:
    process = SPAWN.Process(target=save_and_be_killed, args=(url,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    record = CallRecord.open(url)
    assert record.find("a") == ASKED
    record.close()


def test_time_without_a_zone_is_refused(record: CallRecord) -> None:
    with pytest.raises(StatementError, match="has no time zone"):
        record.save(replace(ASKED, called_at=NOON.replace(tzinfo=None)))
    assert record.find("a") is None


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("postgresql://me:s3cret@127.0.0.1:1/calls", id="nobody listens"),
        pytest.param("postgresql+psycopg://me:s3cret@127.0.0.1:1/calls", id="driver named"),
        pytest.param("postgresql://127.0.0.1:1/calls?password=s3cret", id="password in query"),
        pytest.param("postgresql://me:s3cret@127.0.0.1:1/calls?s3cret=1", id="unknown option"),
        pytest.param("postgresql://me:pa/s3cret@127.0.0.1:s3cret/calls", id="malformed"),
        pytest.param("me:s3cret", id="no URL"),
        pytest.param("mysql://me:s3cret@127.0.0.1/calls", id="other database"),
        pytest.param("sqlite://", id="memory"),
    ],
)
def test_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError) as error:
        CallRecord.open(url)
    assert "s3cret" not in "".join(traceback.format_exception(error.value, limit=0))


def test_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SettingsError, match=r"psycopg\[binary\]"):
        CallRecord.open("postgresql://me@127.0.0.1:1/calls")


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "calls.db").write_text("not a database " * 100)
    with pytest.raises(SettingsError, match=r"calls\.db.*not a database"):
        CallRecord.open(f"sqlite:///{tmp_path}/calls.db")


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be opened"):
        CallRecord.open(f"sqlite:///{tmp_path}/file/calls.db")
