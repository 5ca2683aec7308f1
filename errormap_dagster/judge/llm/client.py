"""Asking a model behind an OpenAI-compatible endpoint: each question once, each answer recorded.

instructor prepares the request, reads the reply and writes the message that asks for a repair; what
is the same in every call of a stage it prepares once, and not once per call as its own ``create``
does (docs/methods.md has the figures).
"""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from openai.types.chat import ChatCompletion

from errormap_dagster.errors import JudgeStoppedError
from errormap_dagster.judge.interface import Effort, Operation
from errormap_dagster.judge.llm.ending import OK, call_of, n_tokens_of, paid, read_back
from errormap_dagster.judge.llm.endpoint import handlers_of, parsed, prepared, secrets_of
from errormap_dagster.judge.llm.faults import FaultError, scrubbed
from errormap_dagster.judge.llm.guards import Budget, CircuitBreaker
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.prices import price_of
from errormap_dagster.judge.llm.record import Call, CallRecord, Spent
from errormap_dagster.judge.llm.recorder import Recorder
from errormap_dagster.judge.llm.replies import Reply
from errormap_dagster.judge.llm.texts import tokens_at_most
from errormap_dagster.judge.llm.tries import Attempts, Tries
from errormap_dagster.judge_settings import JudgeSettings

Recorded = TypeVar("Recorded")


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, or None when the call ended without one; ``call`` says why."""

    reply: Reply | None
    call: Call


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the texts, the body that holds them, and the key of the call."""

    plan: StagePlan
    call_id: str
    prompt_hash: str
    request: Mapping[str, Any]
    n_tokens: int


@dataclass(frozen=True, slots=True)
class _Ended:
    """A call that has ended: its row, its completion, and what budgets count for it."""

    call: Call
    completion: ChatCompletion | None
    counted: Spent


class JudgeClient:
    """Calls of one run; its coroutines belong to one event loop."""

    def __init__(self, settings: JudgeSettings, record: CallRecord, run_id: str) -> None:
        self._settings = settings
        self._recorder = Recorder(record)
        self._run_id = run_id
        self._secrets = secrets_of(settings)
        self._breaker = CircuitBreaker(settings.limits.patience_seconds)
        self._tries = Tries(settings, self._breaker, self._secrets)
        self.budget = Budget(settings.budget, record, run_id)
        self._in_flight = asyncio.Semaphore(settings.limits.concurrency)
        self._prepared: dict[tuple[Operation, str], tuple[dict[str, Any], int]] = {}
        self._under_way: dict[str, asyncio.Task[Answer]] = {}
        self._effort = Effort()
        self.settled: set[str] = set()
        """Calls that have ended in this run by another lane; they are not made again in it."""

    @property
    def effort(self) -> Effort:
        """What was done so far."""
        return self._effort

    async def close(self) -> None:
        """Let the calls in flight end and be recorded, make no other, and close the connections."""
        self._breaker.open("The judge was closed before this call was made.")
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        await self._recorder.close()
        await self._tries.close()

    async def ask(self, plan: StagePlan, system: str, case: str) -> Answer:
        """The reply to a question: the recorded one, or the endpoint's, recorded as it returns.

        Raises:
            JudgeStoppedError: the endpoint is down, refuses the key, the budget is reached, or the
                record fails.
            SettingsError: the budget is in dollars and no price is known.
        """
        call_id = plan.call_id(system, case)
        task = self._under_way.get(call_id)
        if task is None:
            # Two failures with the same texts are one question.
            task = asyncio.create_task(self._ask(plan, system, case, call_id))
            self._under_way[call_id] = task
            task.add_done_callback(lambda _: self._under_way.pop(call_id, None))
        return await asyncio.shield(task)

    async def _ask(self, plan: StagePlan, system: str, case: str, call_id: str) -> Answer:
        question = self.question(plan, system, case, call_id)
        known = await self._kept(self._recorder.find(call_id))
        is_settled = call_id in self.settled
        if known and (known.status == OK or is_settled):
            self._effort += Effort(n_recorded_calls=0 if is_settled else 1)
            call, completion = known, None
        else:
            # A call is in flight until it is on record: no more than those can ever be lost.
            async with self._in_flight:
                ended = await self._call(question, question.request)
                call = await self._kept(self._recorder.save(ended.call, ended.counted))
            # The reply in force may be another asker's.
            completion = ended.completion if call.reply == ended.call.reply else None
        if call.status != OK or call.reply is None:
            return Answer(None, call)
        return await self._read(question, call, call.reply, completion)

    async def _kept(self, work: Awaitable[Recorded]) -> Recorded:
        """What the record answers; once it fails no call is made any more."""
        try:
            return await work
        except JudgeStoppedError as error:
            self._breaker.open(str(error))
            raise

    async def _read(
        self, question: Question, call: Call, stored: str, completion: ChatCompletion | None
    ) -> Answer:
        """The reply of a recorded call; a reply of the wrong form is asked to be repaired once."""
        completion = completion or read_back(stored)
        try:
            return Answer(parsed(question.plan, completion), call)
        except Exception as invalid:  # noqa: BLE001 - instructor and pydantic raise many kinds
            messages = [dict(message) for message in question.request["messages"]]
            repair = handlers_of(question.plan).reask_handler(
                kwargs={**question.request, "messages": messages},
                response=completion,
                exception=invalid,
            )
            async with self._in_flight:
                mended = await self._call(question, repair)
                return await self._settled(question.plan, mended, stored, invalid)

    async def _settled(
        self, plan: StagePlan, ended: _Ended, invalid_reply: str, invalid: Exception
    ) -> Answer:
        mended = ended.call
        reply = None
        if mended.status == OK and ended.completion is not None:
            reply, invalid = _parsed_or_not(plan, ended.completion, invalid)
        if reply is None:
            mended = self._invalid(mended, invalid)
        call = await self._kept(self._recorder.mend(mended, invalid_reply, ended.counted))
        if reply is None and call.status == OK and call.reply is not None:
            # Another run has mended it meanwhile, by its own account.
            reply, invalid = _parsed_or_not(plan, read_back(call.reply), invalid)
            call = call if reply else self._invalid(call, invalid)
        return Answer(reply, call)

    def _invalid(self, call: Call, invalid: Exception) -> Call:
        """A call whose reply has the wrong form, or that brought none."""
        told = call.reason or f"the reply has the wrong form: {invalid}"
        status = "invalid_reply" if call.status == OK else call.status
        return replace(call, status=status, reason=scrubbed(told, self._secrets))

    def question(self, plan: StagePlan, system: str, case: str, call_id: str) -> Question:
        """What instructor prepared for the stage, with the case put in."""
        key = (plan.stage, system)
        if key not in self._prepared:
            constant = plan.reply_schema_tokens + tokens_at_most(system)
            self._prepared[key] = prepared(plan, system), constant
        body, n_constant = self._prepared[key]
        messages = [*body["messages"][:-1], {"role": "user", "content": case}]
        return Question(
            plan=plan,
            call_id=call_id,
            prompt_hash=plan.prompt_hash(system, case),
            request={**body, "messages": messages},
            n_tokens=n_constant + tokens_at_most(case),
        )

    async def _call(self, question: Question, request: Mapping[str, Any]) -> _Ended:
        """One request to the endpoint, tried until it is answered or given up."""
        started, called_at = time.monotonic(), datetime.now(UTC)
        plan = question.plan
        price = price_of(plan.model, self._settings.prices)
        length = question.n_tokens + _n_more_tokens(question.request, request)
        reply_tokens = int(plan.parameters.get(self._settings.reply_tokens_name, 0))
        attempts = Attempts()
        answer, fault = None, None
        reserved = await self.budget.set_aside(plan.model, price, length, reply_tokens)
        try:
            answer = await self._tries.answer(request, length, attempts)
        except FaultError as error:
            fault = error.fault
        finally:
            completion = answer.completion if answer else None
            cost = paid(price, completion)
            known = (cost, n_tokens_of(completion)) if completion else (0.0, 0)
            counted = self.budget.settle(reserved, *known)
        seconds = time.monotonic() - started
        self.count_call(attempts.n, completion, cost, seconds)
        call = replace(
            call_of(plan, answer, fault, self._secrets),
            call_id=question.call_id,
            prompt_hash=question.prompt_hash,
            attempts=attempts.n,
            cost_usd=cost,
            seconds=seconds,
            called_at=called_at,
            run_id=self._run_id,
        )
        return _Ended(call, completion, counted)

    def count_call(
        self, n_attempts: int, completion: ChatCompletion | None, cost: float | None, seconds: float
    ) -> None:
        """Add a call that has ended to what was done."""
        usage = completion.usage if completion else None
        self._effort += Effort(
            n_calls=1,
            n_retries=max(0, n_attempts - 1),
            # Typed as numbers, but a server may send null.
            prompt_tokens=(usage.prompt_tokens or 0) if usage else 0,
            completion_tokens=(usage.completion_tokens or 0) if usage else 0,
            cost_usd=cost if completion else 0.0,
            seconds=seconds,
        )


def _n_more_tokens(asked: Mapping[str, Any], request: Mapping[str, Any]) -> int:
    """Tokens that a request for a repair has on top of the question."""
    return sum(
        tokens_at_most(str(message)) for message in request["messages"][len(asked["messages"]) :]
    )


def _parsed_or_not(
    plan: StagePlan, completion: ChatCompletion, invalid: Exception
) -> tuple[Reply | None, Exception]:
    """The reply in a completion, or None and what is wrong with it."""
    try:
        return parsed(plan, completion), invalid
    except Exception as error:  # noqa: BLE001 - instructor and pydantic raise many kinds
        return None, error
