"""When a request that failed is tried again, and after how long a pause."""

from typing import Final

from tenacity import RetryCallState
from tenacity.wait import wait_random_exponential

from errormap_dagster.judge.llm.faults import FaultError, Next

_SHORTEST_WAIT_SECONDS: Final = 0.25


class Wait:
    """The pause before the next try: what the endpoint asked for, else longer and longer."""

    def __init__(self, longest_seconds: float) -> None:
        self._backoff = wait_random_exponential(multiplier=0.5, max=longest_seconds)

    def __call__(self, state: RetryCallState) -> float:
        """Seconds until the next try."""
        error = state.outcome.exception() if state.outcome else None
        pause = max(_SHORTEST_WAIT_SECONDS, self._backoff(state))
        if isinstance(error, FaultError) and error.fault.wait_seconds is not None:
            return error.fault.wait_seconds + _SHORTEST_WAIT_SECONDS * self._backoff(state)
        return pause


def is_retried(error: BaseException) -> bool:
    """Whether an error is a fault that may pass."""
    return isinstance(error, FaultError) and error.fault.next is Next.RETRY
