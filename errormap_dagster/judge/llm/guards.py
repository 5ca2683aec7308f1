"""What stops a run: an endpoint that is plainly down, and a budget that would be passed."""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from errormap_dagster.errors import JudgeStoppedError, SettingsError
from errormap_dagster.judge.llm.prices import cost_usd
from errormap_dagster.judge.llm.record import CallRecord, Spent
from errormap_dagster.judge_settings import BudgetSettings, Price

_FEWEST_FAULTS: Final = 5
_FIRST_PATIENCE_SECONDS: Final = 3.0
"""An endpoint that never answered is given up sooner than one that did."""


@dataclass
class CircuitBreaker:
    """Opens when an endpoint has answered nothing for a while, and stays open."""

    patience_seconds: float
    _has_answered: bool = False
    _n_faults: int = 0
    _since: float = 0.0
    _opened: str | None = None
    _is_open: asyncio.Event = field(default_factory=asyncio.Event)

    async def pause(self, seconds: float) -> None:
        """Wait before the next try, but no longer than until the breaker opens."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_open.wait(), seconds)

    def check(self) -> None:
        """Let a call through.

        Raises:
            JudgeStoppedError: the breaker is open.
        """
        if self._opened is not None:
            raise JudgeStoppedError(self._opened)

    def answered(self) -> None:
        """The endpoint gave a reply."""
        self._has_answered = True
        self._n_faults = 0

    def failed(self, reason: str) -> None:
        """The endpoint gave none.

        Raises:
            JudgeStoppedError: that was once too often.
        """
        if self._n_faults == 0:
            self._since = time.monotonic()
        self._n_faults += 1
        patience = self.patience_seconds if self._has_answered else _FIRST_PATIENCE_SECONDS
        if self._n_faults >= _FEWEST_FAULTS and time.monotonic() - self._since >= min(
            patience, self.patience_seconds
        ):
            self.stop(f"{reason} ({self._n_faults} tries in a row)")

    def stop(self, reason: str) -> None:
        """Open the breaker for good.

        Raises:
            JudgeStoppedError: always, with the first reason that was given.
        """
        self.open(
            f"The judge cannot go on: {reason}. What was answered is recorded and is not paid "
            "again: mend the cause (`errormap judge check` helps), then `errormap run`."
        )
        raise JudgeStoppedError(self._opened)

    def open(self, message: str) -> None:
        """Let no call through from now on; the first message stays."""
        if self._opened is None:
            self._opened = message
            self._is_open.set()


@dataclass
class Budget:
    """Sets aside what calls under way may cost, so that no limit is passed."""

    limits: BudgetSettings
    record: CallRecord
    run_id: str
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _day: datetime = field(init=False)
    _reserved_usd: float = 0.0
    _reserved_tokens: int = 0
    _spent_usd: dict[str, float] = field(default_factory=dict[str, float])
    _spent_tokens: dict[str, int] = field(default_factory=dict[str, int])
    _n_under_way: int = 0
    _has_settled: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Begin with what this run, and all runs on this day, have paid so far."""
        self._count_anew("run", self.record.spent(run_id=self.run_id))
        self._begin_day()

    def _begin_day(self) -> None:
        self._day = _midnight(self.now())
        self._count_anew("day", self.record.spent(since=self._day))

    def _count_anew(self, name: str, spent: Spent) -> None:
        self._spent_usd[name], self._spent_tokens[name] = spent

    async def set_aside(
        self, model: str, price: Price | None, prompt_tokens: int, reply_tokens: int
    ) -> tuple[float, int]:
        """Reserve what a call may cost at most, once the calls under way leave room for it.

        Returns:
            Dollars and tokens, to be handed to ``settle`` when the call has ended.

        Raises:
            JudgeStoppedError: a limit could be passed.
            SettingsError: a limit in dollars is set, but the price is not known.
        """
        usd, tokens = self.most_of(model, price, prompt_tokens, reply_tokens)
        # A call under way mostly costs far less than is set aside for it: it is waited for.
        while (passed := self.passed(usd, tokens)) and self._n_under_way:
            self._has_settled.clear()
            await self._has_settled.wait()
        if passed:
            raise JudgeStoppedError(passed)
        self._n_under_way += 1
        self.hold(usd, tokens)
        return usd, tokens

    def most_of(
        self, model: str, price: Price | None, prompt_tokens: int, reply_tokens: int
    ) -> tuple[float, int]:
        """Dollars and tokens that a call may cost at most; 0 dollars where nobody limits them.

        Raises:
            SettingsError: a limit in dollars is set, but the price is not known.
        """
        usd = cost_usd(price, prompt_tokens, 0, reply_tokens)
        limits = self.limits
        if usd is None and (limits.run_usd or limits.day_usd):
            raise SettingsError(
                f"judge.budget is in dollars, but no price of {model!r} is known. Name it under "
                "judge.prices in errormap.yaml (batch_input and batch_output for judge.lane "
                "'batch'), or set a budget in tokens."
            )
        return usd or 0.0, prompt_tokens + reply_tokens

    def hold(self, usd: float, tokens: int) -> None:
        """Set so much aside."""
        self._reserved_usd += usd
        self._reserved_tokens += tokens

    def put_back(self, usd: float, tokens: int) -> None:
        """Free so much of what was set aside."""
        self.hold(-usd, -tokens)

    def spend(self, usd: float, tokens: int, *, limits: Iterable[str] = ("run", "day")) -> None:
        """Count so much as spent, for the limits of this run, of this day or of both."""
        for name in limits:
            self._spent_usd[name] += usd
            self._spent_tokens[name] += tokens

    def passed(self, usd: float, tokens: int) -> str | None:
        """Which limit so much more could pass, as a message."""
        if _midnight(self.now()) > self._day:
            self._begin_day()
        most = self.limits
        limits = {
            "run": {"dollars": most.run_usd, "tokens": most.run_tokens},
            "day": {"dollars": most.day_usd, "tokens": most.day_tokens},
        }
        for name, by_unit in limits.items():
            usd_taken = self._spent_usd[name] + self._reserved_usd
            tokens_taken = self._spent_tokens[name] + self._reserved_tokens
            for unit, spent, more in (
                ("dollars", usd_taken, usd),
                ("tokens", tokens_taken, tokens),
            ):
                limit = by_unit[unit]
                if limit is not None and spent + more > limit:
                    return (
                        f"The budget of this {name} is reached: {spent:g} of {limit:g} {unit} are "
                        f"spent, and the next call may cost {more:g}. What was answered is "
                        "recorded; raise judge.budget in errormap.yaml or wait, then "
                        "`errormap run` goes on."
                    )
        return None

    def settle(self, reserved: tuple[float, int], usd: float | None, tokens: int | None) -> Spent:
        """A call has ended: free what was set aside, count what it cost.

        What the endpoint does not tell (None) counts with all that was set aside.

        Returns:
            What was counted.
        """
        counted = Spent(
            reserved[0] if usd is None else usd, reserved[1] if tokens is None else tokens
        )
        self._n_under_way -= 1
        self.put_back(*reserved)
        self.spend(*counted)
        self._has_settled.set()
        return counted


def _midnight(moment: datetime) -> datetime:
    """The beginning of a day of UTC."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
