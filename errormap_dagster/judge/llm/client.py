"""Asking a model behind an OpenAI-compatible endpoint: each question once, each answer recorded.

instructor prepares the request, reads the reply and writes the message that asks for a repair; what
is the same in every call of a stage it prepares once, and not once per call as its own ``create``
does (docs/methods.md has the figures).
"""

import asyncio
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from openai.types.chat import ChatCompletion
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt

from errormap_dagster.domain.identity import content_id
from errormap_dagster.judge.interface import Effort, Operation
from errormap_dagster.judge.llm.ending import OK, call_of, n_tokens_of, paid, read_back
from errormap_dagster.judge.llm.endpoint import (
    endpoint_of,
    handlers_of,
    limiter,
    parsed,
    prepared,
    secrets_of,
)
from errormap_dagster.judge.llm.faults import Fault, FaultError, Next, fault_of, scrubbed
from errormap_dagster.judge.llm.guards import Budget, CircuitBreaker
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.prices import price_of
from errormap_dagster.judge.llm.record import Call, CallRecord
from errormap_dagster.judge.llm.replies import Reply
from errormap_dagster.judge.llm.retries import Wait, is_retried
from errormap_dagster.judge.llm.texts import tokens_at_most
from errormap_dagster.judge_settings import JudgeSettings


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, or None when the call ended without one; ``call`` says why."""

    reply: Reply | None
    call: Call


class JudgeClient:
    """Calls of one run; its coroutines belong to one event loop."""

    def __init__(self, settings: JudgeSettings, record: CallRecord, run_id: str) -> None:
        self._settings = settings
        self._record = record
        self._run_id = run_id
        self._secrets = secrets_of(settings)
        self._endpoint = endpoint_of(settings)
        self._breaker = CircuitBreaker(settings.limits.patience_seconds)
        self.budget = Budget(settings.budget, record, run_id)
        self._in_flight = asyncio.Semaphore(settings.limits.concurrency)
        self._per_minute = limiter(settings.limits.requests_per_minute)
        self._tokens_per_minute = limiter(settings.limits.tokens_per_minute)
        self._prepared: dict[tuple[Operation, str], dict[str, Any]] = {}
        self._under_way: dict[str, asyncio.Task[Answer]] = {}
        self._effort = Effort()
        self._counting = threading.Lock()
        self.settled: set[str] = set()
        """Calls that have ended in this run by another lane; they are not made again in it."""

    @property
    def effort(self) -> Effort:
        """What was done so far."""
        return self._effort

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    async def ask(self, plan: StagePlan, system: str, case: str) -> Answer:
        """The reply to a question: the recorded one, or the endpoint's, recorded as it returns.

        Raises:
            JudgeStoppedError: the endpoint is down, refuses the key, or the budget is reached.
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
        request = self.request(plan, system, case)
        known = await asyncio.to_thread(self._record.find, call_id)
        if known and (known.status == OK or call_id in self.settled):
            self._count(n_recorded_calls=int(call_id not in self.settled))
            call = known
        else:
            call = await self._call(plan, request, call_id)
            call = await asyncio.to_thread(self._record.save, call)
        if call.status != OK or call.reply is None:
            return Answer(None, call)
        return await self._read(plan, request, call)

    async def _read(self, plan: StagePlan, request: dict[str, Any], call: Call) -> Answer:
        """The reply of a recorded call; a reply of the wrong form is asked to be repaired once."""
        assert call.reply is not None  # noqa: S101 - the caller made sure
        completion = read_back(call.reply)
        try:
            return Answer(parsed(plan, completion), call)
        except Exception as invalid:  # noqa: BLE001 - instructor and pydantic raise many kinds
            messages = [dict(message) for message in request["messages"]]
            repair = handlers_of(plan).reask_handler(
                kwargs={**request, "messages": messages}, response=completion, exception=invalid
            )
            mended = await self._call(plan, repair, call.call_id)
            return await self._settled(plan, mended, call.reply, invalid)

    async def _settled(
        self, plan: StagePlan, mended: Call, invalid_reply: str, invalid: Exception
    ) -> Answer:
        reply: Reply | None = None
        if mended.status == OK and mended.reply is not None:
            try:
                reply = parsed(plan, read_back(mended.reply))
            except Exception as error:  # noqa: BLE001 - as above
                invalid = error
        if reply is None:
            told = mended.reason or f"the reply has the wrong form: {invalid}"
            status = "invalid_reply" if mended.status == OK else mended.status
            mended = replace(mended, status=status, reason=scrubbed(told, self._secrets))
        call = await asyncio.to_thread(self._record.mend, mended, invalid_reply)
        if reply is None and call.status == OK and call.reply is not None:
            # Another run has mended it meanwhile.
            reply = parsed(plan, read_back(call.reply))
        return Answer(reply, call)

    def request(self, plan: StagePlan, system: str, case: str) -> dict[str, Any]:
        """The body of a call: what instructor prepared for the stage, with the case put in."""
        key = (plan.stage, system)
        if key not in self._prepared:
            self._prepared[key] = prepared(plan, system)
        body = self._prepared[key]
        messages = [*body["messages"][:-1], {"role": "user", "content": case}]
        return {**body, "messages": messages}

    async def _call(self, plan: StagePlan, request: dict[str, Any], call_id: str) -> Call:
        """One question to the endpoint, tried until it is answered or given up."""
        started = time.monotonic()
        called_at = datetime.now(UTC)
        price = price_of(plan.model, self._settings.prices)
        length = plan.reply_schema_tokens + sum(
            tokens_at_most(str(message)) for message in request["messages"]
        )
        reply_tokens = int(plan.parameters.get(self._settings.reply_tokens_name, 0))
        attempts = _Attempts()
        completion: ChatCompletion | None = None
        fault: Fault | None = None
        async with self._in_flight:
            reserved = await self.budget.set_aside(plan.model, price, length, reply_tokens)
            try:
                completion = await self._tried(request, length, attempts)
            except FaultError as error:
                fault = error.fault
            finally:
                spent = paid(price, completion)
                known = (spent, n_tokens_of(completion)) if completion else (0.0, 0)
                self.budget.settle(reserved, *known)
        seconds = time.monotonic() - started
        call = call_of(plan, completion, fault, self._secrets)
        self.count_call(attempts.n, completion, spent, seconds)
        return replace(
            call,
            call_id=call_id,
            prompt_hash=content_id(*(str(m) for m in request["messages"]), length=64),
            attempts=attempts.n,
            cost_usd=spent,
            seconds=seconds,
            called_at=called_at,
            run_id=self._run_id,
        )

    async def _tried(
        self, request: Mapping[str, Any], length: int, attempts: "_Attempts"
    ) -> ChatCompletion:
        limits = self._settings.limits
        retrying = AsyncRetrying(
            stop=stop_after_attempt(limits.attempts),
            retry=retry_if_exception(is_retried),
            wait=Wait(limits.longest_wait_seconds),
            sleep=self._breaker.pause,
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                self._breaker.check()
                if self._per_minute:
                    await self._per_minute.acquire()
                if self._tokens_per_minute:
                    most = self._tokens_per_minute.max_rate
                    await self._tokens_per_minute.acquire(min(length, most))
                attempts.n += 1
                return await self._tried_once(request)
        raise AssertionError("tenacity ends with a result or an exception")

    async def _tried_once(self, request: Mapping[str, Any]) -> ChatCompletion:
        try:
            completion = await self._endpoint.chat.completions.create(**request)
            if not isinstance(completion, ChatCompletion) or not has_message(completion):
                raise TypeError("it is no chat completion")  # noqa: TRY301 - read like the others
        except Exception as error:
            fault = fault_of(error, self._secrets)
            if fault.next is Next.STOP:
                self._breaker.stop(fault.reason)
            if not fault.is_rate_limit:
                self._breaker.failed(fault.reason)
            raise FaultError(fault) from error
        self._breaker.answered()
        return completion

    def count_call(
        self, n_attempts: int, completion: ChatCompletion | None, cost: float | None, seconds: float
    ) -> None:
        """Add a call that has ended to what was done."""
        usage = completion.usage if completion else None
        self._count(
            n_calls=1,
            n_retries=max(0, n_attempts - 1),
            prompt_tokens=usage.prompt_tokens if usage else 0,
            completion_tokens=usage.completion_tokens if usage else 0,
            cost_usd=cost if completion else 0.0,
            seconds=seconds,
        )

    def _count(self, **more: float | None) -> None:
        with self._counting:
            now = self._effort
            known = now.cost_usd is not None and more.get("cost_usd", 0.0) is not None
            sums = {
                name: getattr(now, name) + (value or 0)
                for name, value in more.items()
                if name != "cost_usd"
            }
            cost = (now.cost_usd or 0.0) + (more.get("cost_usd") or 0.0) if known else None
            self._effort = replace(now, **sums, cost_usd=cost)


@dataclass
class _Attempts:
    """How often the endpoint was asked, told also when it never answered."""

    n: int = 0


def has_message(completion: ChatCompletion) -> bool:
    """Whether a completion holds a message at all."""
    # The client builds it from whatever came, unchecked: any of these may be missing.
    return bool(completion.choices and getattr(completion.choices[0], "message", None))
