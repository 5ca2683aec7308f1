"""What the judge did: calls, tokens, seconds and dollars."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from errormap_dagster.queries.tables import Tables


@dataclass(frozen=True, slots=True)
class Spending:
    """Calls to judges.

    Attributes:
        n_calls: all of them.
        cost_usd: their cost; None when no price is known.
        groups: one row per stage, judge and status: n_calls, tokens, cost_usd, seconds.
        days: one row per day: n_calls and cost_usd.
    """

    n_calls: int
    cost_usd: float | None
    groups: list[dict[str, Any]]
    days: list[dict[str, Any]]


def spending(tables: Tables) -> Spending:
    """What was asked of judges behind endpoints; nothing under the embedded analyst."""
    if not tables.has("judge_calls"):
        return Spending(0, None, [], [])
    calls = tables.frame("judge_calls")
    key = ["stage", "judge", "status"]
    # A sum over unknown prices is unknown, not zero.
    cost = pl.when(pl.col("cost_usd").is_not_null().any()).then(pl.sum("cost_usd"))
    sums = [pl.sum("prompt_tokens", "completion_tokens", "seconds", "attempts"), cost]
    groups = calls.group_by(key).agg(pl.len().alias("n_calls"), *sums).sort(key)
    day = pl.col("called_at").dt.date().alias("day")
    days = calls.group_by(day).agg(pl.len().alias("n_calls"), cost).sort("day")
    total = calls.select(cost).item() if calls.height else None
    return Spending(calls.height, total, groups.to_dicts(), days.to_dicts())
