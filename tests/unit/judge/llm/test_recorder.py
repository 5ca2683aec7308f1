"""The record as coroutines use it: few transactions, each call by itself, nothing left behind."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from asking import Place
from errormap_dagster.errors import JudgeStoppedError
from errormap_dagster.judge.llm.record import Call, CallRecord
from errormap_dagster.judge.llm.recorder import Recorder

ASKED = Call(
    **dict.fromkeys("stage judge prompt_hash reply_schema_hash parameters".split(), ""),
    call_id="a",
    status="ok",
    attempts=1,
    prompt_tokens=1,
    cached_prompt_tokens=0,
    completion_tokens=1,
    cost_usd=None,
    seconds=0.0,
    called_at=datetime(2026, 1, 1, tzinfo=UTC),
    run_id="run",
    reply="{}",
    reason=None,
)
MANY = [replace(ASKED, call_id=f"{n:03}") for n in range(200)]


@pytest.fixture
def record(place: Place) -> Iterator[CallRecord]:
    opened = CallRecord.open(place.url)
    yield opened
    opened.close()


def test_calls_that_return_together_are_committed_together_before_they_go_on(
    record: CallRecord, place: Place
) -> None:
    n_commits = 0

    def count(_: sa.Connection) -> None:
        nonlocal n_commits
        n_commits += 1

    async def save(recorder: Recorder, call: Call) -> int:
        assert await recorder.find(call.call_id) is None
        await recorder.save(call)
        other = CallRecord.open(place.url)
        found = other.find(call.call_id)
        other.close()
        return found == call

    async def save_all() -> list[int]:
        recorder = Recorder(record)
        saved = await asyncio.gather(*(save(recorder, call) for call in MANY))
        await recorder.close()
        return saved

    event.listen(record.engine, "commit", count)
    assert asyncio.run(save_all()) == [True] * len(MANY)
    assert 1 <= n_commits <= 20


def test_a_call_that_cannot_be_stored_spoils_no_other(record: CallRecord) -> None:
    async def save_all() -> list[object]:
        recorder = Recorder(record)
        bad = replace(ASKED, called_at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is what is bad
        calls = [*MANY[:5], bad, *MANY[5:9]]
        saved = await asyncio.gather(*map(recorder.save, calls), return_exceptions=True)
        await recorder.close()
        return list(saved)

    saved = asyncio.run(save_all())
    assert [isinstance(one, Call) for one in saved] == [True] * 5 + [False] + [True] * 4
    assert "no time zone" in str(saved[5])
    assert list(record.rows()) == MANY[:9]


def test_everyone_is_told_when_the_database_fails(record: CallRecord) -> None:
    with record.engine.begin() as connection:
        connection.execute(sa.text("drop table judge_calls"))

    async def save_all() -> list[object]:
        recorder = Recorder(record)
        saved = await asyncio.gather(*map(recorder.save, MANY[:9]), return_exceptions=True)
        await recorder.close()
        return list(saved)

    assert all(isinstance(one, JudgeStoppedError) for one in asyncio.run(save_all()))
