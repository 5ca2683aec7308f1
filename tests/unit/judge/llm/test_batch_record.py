"""The tables of batches: no call in two of them, no answer recorded twice."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from asking import Place
from errormap_dagster.judge.llm.batch.record import SUBMITTING, Batch, BatchRecord
from errormap_dagster.judge.llm.record import Call, CallRecord, Entry

NOW = datetime(2026, 1, 2, tzinfo=UTC)
BATCH = Batch(
    batch_key="first",
    stage="analyse",
    judge="m",
    reply_schema_hash="s",
    parameters="{}",
    endpoint="OpenAI",
    run_id="run",
    status=SUBMITTING,
    n_calls=3,
    n_ended=0,
    reserved_usd=0.0,
    reserved_tokens=0,
    submitted_at=NOW,
)
CALLS = [(call_id, "hash") for call_id in ("c", "a", "b")]


@pytest.fixture
def record(place: Place) -> CallRecord:
    return CallRecord.open(place.url)


@pytest.fixture
def batches(record: CallRecord) -> BatchRecord:
    return BatchRecord.beside(record.engine)


def answered(call_id: str) -> Call:
    """A call that was answered, at a price."""
    return Call(
        stage="analyse",
        judge="m",
        reply_schema_hash="s",
        parameters="{}",
        prompt_tokens=5,
        cached_prompt_tokens=0,
        completion_tokens=2,
        call_id=call_id,
        prompt_hash="hash",
        status="ok",
        attempts=1,
        cost_usd=1.0,
        seconds=0.0,
        called_at=NOW,
        run_id="run",
        reply="{}",
        reason=None,
    )


def test_a_second_batch_gets_no_call_that_is_out_or_answered(
    record: CallRecord, batches: BatchRecord
) -> None:
    record.save(answered("d"))
    assert batches.begin(BATCH, CALLS) == {"a", "b", "c"}
    second = replace(BATCH, batch_key="second")
    assert batches.begin(second, [("b", "hash"), ("d", "hash"), ("e", "hash")]) == {"e"}
    assert batches.missing("abcdef") == {"f"}
    assert [batch.n_calls for batch in batches.open_batches()] == [3, 1]


def test_a_batch_without_a_call_of_its_own_leaves_no_row(batches: BatchRecord) -> None:
    batches.begin(BATCH, CALLS)
    assert batches.begin(replace(BATCH, batch_key="second"), CALLS) == set()
    assert [batch.batch_key for batch in batches.batches()] == ["first"]


def test_an_answer_that_is_taken_in_twice_is_recorded_and_paid_once(
    record: CallRecord, batches: BatchRecord
) -> None:
    batches.begin(BATCH, CALLS)
    assert batches.settle("first", [Entry(answered("a")), Entry(answered("b"))]) == {"a", "b"}
    assert batches.settle("first", [Entry(answered("b")), Entry(answered("c"))]) == {"c"}
    assert [(row.call_id, row.attempts, row.cost_usd) for row in record.rows()] == [
        (call_id, 1, 1.0) for call_id in "abc"
    ]


def test_calls_come_in_the_order_of_their_lines(batches: BatchRecord) -> None:
    batches.begin(BATCH, CALLS)
    assert [call.call_id for call in batches.still_out("first")] == ["c", "a", "b"]


def test_what_the_provider_never_had_is_given_back_without_a_trace(batches: BatchRecord) -> None:
    batches.begin(BATCH, CALLS)
    batches.give_back("first")
    assert batches.batches() == []
    assert batches.missing("abc") == {"a", "b", "c"}


def test_what_the_provider_refused_is_given_back_and_stays_told(batches: BatchRecord) -> None:
    batches.begin(BATCH, CALLS)
    batches.note("first", batch_id="batch_1")
    batches.give_back("first", status="failed", reason="too much")
    (kept,) = batches.batches()
    assert (kept.status, kept.reason, kept.collected_at is None) == ("failed", "too much", False)
    assert batches.open_batches() == []
    assert batches.missing("abc") == {"a", "b", "c"}
