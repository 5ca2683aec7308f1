"""Faults for a scripted endpoint, the same ones in every run with the same seed."""

import inspect
from collections import Counter
from collections.abc import Mapping

from analyst import number_of
from responses import Request, Response, Script, completion, error, reset

RESET = 0
"""Stands for a reset connection where a status is expected."""
_BROKEN_JSON = '{"criteria": [{"criterion": "The total is'
_FINE = 1_000_000


class Faulty:
    """A script that fails some requests and hands the others on.

    Whether a request fails follows from the seed, its user message and how often that message came
    before. The message that comes next after a fault is always answered.
    """

    def __init__(
        self, share_by_status: Mapping[int, float], broken_json: float, then: Script, seed: int
    ) -> None:
        self._then = then
        self._seed = seed
        self._faults = [
            *((share, _failure(status)) for status, share in share_by_status.items()),
            (broken_json, completion(_BROKEN_JSON)),
        ]
        self._n_seen = Counter[str]()
        self._just_failed = set[str]()
        self.n_injected = 0

    async def __call__(self, request: Request) -> Response:
        """A fault, or the answer of the script behind."""
        fault = self._fault(request.user)
        if fault is not None:
            self.n_injected += 1
            return fault
        answer = self._then(request)
        return await answer if inspect.isawaitable(answer) else answer

    def _fault(self, message: str) -> Response | None:
        self._n_seen[message] += 1
        if message in self._just_failed:
            self._just_failed.remove(message)
            return None
        left = number_of(f"{self._seed} {self._n_seen[message]} {message}", _FINE) / _FINE
        for share, fault in self._faults:
            if left < share:
                self._just_failed.add(message)
                return fault
            left -= share
        return None


def faulty(
    share_by_status: Mapping[int, float], broken_json: float, then: Script, seed: int = 0
) -> Faulty:
    """A script with faults.

    Args:
        share_by_status: the share of first requests, from 0 to 1, that get each status instead of
            an answer; ``RESET`` (0) resets the connection.
        broken_json: the share that gets a completion whose text breaks off.
        then: answers the others.
        seed: which requests are hit.
    """
    return Faulty(share_by_status, broken_json, then, seed)


def _failure(status: int) -> Response:
    if status == RESET:
        return reset()
    code = "rate_limit_exceeded" if status == 429 else None
    return error(status, f"injected fault {status}", code, retry_after=0.01 if code else None)
