"""Trying a call until the endpoint answers it, within the limits of the settings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt

from errormap_dagster.judge.llm.ending import Received, received
from errormap_dagster.judge.llm.endpoint import endpoint_of, limiter, posted
from errormap_dagster.judge.llm.faults import Fault, FaultError, Next, fault_of
from errormap_dagster.judge.llm.guards import CircuitBreaker
from errormap_dagster.judge.llm.retries import Wait, is_retried
from errormap_dagster.judge_settings import JudgeSettings


@dataclass(slots=True)
class Attempts:
    """How often the endpoint was asked, told also when it never answered."""

    n: int = 0


class Tries:
    """The endpoint, asked again where that may help."""

    def __init__(
        self, settings: JudgeSettings, breaker: CircuitBreaker, secrets: tuple[str, ...]
    ) -> None:
        limits = settings.limits
        self._secrets = secrets
        self._breaker = breaker
        self._endpoint = endpoint_of(settings)
        self._longest_wait_asked_for = limits.longest_wait_asked_for_seconds
        self._per_minute = limiter(limits.requests_per_minute)
        self._tokens_per_minute = limiter(limits.tokens_per_minute)
        self._retrying = AsyncRetrying(
            stop=stop_after_attempt(limits.attempts),
            retry=retry_if_exception(is_retried),
            wait=Wait(limits.longest_wait_seconds),
            sleep=breaker.pause,
            reraise=True,
        )

    async def answer(
        self, request: Mapping[str, Any], n_tokens: int, attempts: Attempts
    ) -> Received:
        """What the endpoint answers.

        Args:
            request: the body.
            n_tokens: of the prompt, at most.
            attempts: counts the tries.

        Raises:
            FaultError: it does not answer, or only what no further try would mend.
            JudgeStoppedError: it is plainly down, or nothing more can be asked of it.
        """
        return await self._retrying.copy()(self._once, request, n_tokens, attempts)

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    async def _once(
        self, request: Mapping[str, Any], n_tokens: int, attempts: Attempts
    ) -> Received:
        self._breaker.check()
        if self._per_minute:
            await self._per_minute.acquire()
        if self._tokens_per_minute:
            await self._tokens_per_minute.acquire(min(n_tokens, self._tokens_per_minute.max_rate))
        attempts.n += 1
        try:
            answer = received(json.loads(await posted(self._endpoint, request)), self._secrets)
        except Exception as error:  # noqa: BLE001 - the client raises many kinds
            fault = fault_of(error, self._secrets)
        else:
            self._breaker.answered()
            return answer
        # Outside of the handler: the endpoint's own words, which may repeat the key, would hang on
        # to what is raised and stand in Dagster's log.
        self._note(fault)
        raise FaultError(fault)

    def _note(self, fault: Fault) -> None:
        """Stop the run where the fault says that nothing else helps."""
        if fault.next is Next.STOP:
            self._breaker.stop(fault.reason)
        if (fault.wait_seconds or 0) > self._longest_wait_asked_for:
            self._breaker.stop(
                f"{fault.reason}, and wants to be asked again in {fault.wait_seconds:.0f} s, which "
                "is longer than judge.limits.longest_wait_asked_for_seconds"
            )
        if not fault.is_rate_limit:
            self._breaker.failed(fault.reason)
