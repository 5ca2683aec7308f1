"""What went wrong with a call, and what follows: try again, give up the row, or stop the run."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

import openai

_LONGEST_REASON: Final = 400
_KEYS: Final = re.compile(r"\b(sk|rk|pk|org|proj)-[\w*.-]{4,}")
_RETRIED: Final = {408, 409, 425, 429}
_STOPS: Final = {401, 402, 403, 404}
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429
_NO_QUOTA: Final = "insufficient_quota"


class Next(StrEnum):
    """What follows from a fault."""

    RETRY = "retry"
    GIVE_UP = "give_up"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Fault:
    """A call that brought no reply. ``wait_seconds`` is what the endpoint asked for."""

    next: Next
    reason: str
    wait_seconds: float | None = None
    is_rate_limit: bool = False


class FaultError(Exception):
    """Carries a fault through the retries."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


def fault_of(error: Exception, secrets: tuple[str, ...]) -> Fault:
    """What a failed call means. The reason holds no secret and is short."""
    reason = scrubbed(_told(error), secrets)
    if isinstance(error, openai.APIStatusError):
        # OpenAI puts its code into both fields, other providers into one of them.
        what_next = next_after(error.status_code, {error.code, error.type})
        wait = _wait_asked_for(error) if what_next is Next.RETRY else None
        is_rate_limit = what_next is Next.RETRY and error.status_code == _TOO_MANY
        return Fault(what_next, reason, wait, is_rate_limit)
    # A broken connection, a time-out, or a body that is cut or is no JSON: it may pass.
    return Fault(Next.RETRY, reason)


def next_after(status: int, codes: set[str | None]) -> Next:
    """What follows from an answer of this status, with these codes in its body."""
    if status == _TOO_MANY and _NO_QUOTA in codes:
        return Next.STOP
    if status in _RETRIED or status >= _SERVER_ERROR:
        return Next.RETRY
    return Next.STOP if status in _STOPS else Next.GIVE_UP


def scrubbed(text: str, secrets: tuple[str, ...]) -> str:
    """A short text without the secrets, and without anything that looks like a key."""
    return _KEYS.sub(r"\1-***", without_secrets(text, secrets))[:_LONGEST_REASON]


def without_secrets(text: str, secrets: tuple[str, ...]) -> str:
    """A text with stars where a secret stood."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _told(error: Exception) -> str:
    if isinstance(error, openai.APITimeoutError) and isinstance(_root_of(error), TimeoutError):
        return "the endpoint did not answer in time"
    if isinstance(error, openai.APIStatusError):
        return f"the endpoint answered {error.status_code}: {error.message}"
    if isinstance(error, openai.APIConnectionError):
        return f"no connection to the endpoint: {_root_of(error)}"
    return f"the endpoint's answer cannot be read: {type(error).__name__}: {error}"


def _root_of(error: BaseException) -> BaseException:
    """The first cause: what wraps it takes a lost connection for a time-out."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _wait_asked_for(error: openai.APIStatusError) -> float | None:
    """Seconds of the Retry-After header, which holds a number or a date."""
    headers = error.response.headers
    if milliseconds := headers.get("retry-after-ms"):
        return _number(milliseconds, 0.001)
    told = headers.get("retry-after")
    if not told:
        return None
    seconds = _number(told, 1.0)
    if seconds is not None:
        return seconds
    try:
        return max(0.0, (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _number(text: str, unit: float) -> float | None:
    try:
        number = float(text) * unit
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None
