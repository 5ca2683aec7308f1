"""Whether what a run would cost passes the budget of the settings, and where it would stop."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from errormap_dagster.judge_settings import BudgetSettings
from errormap_dagster.stages.estimate import StageEstimate


class Limit(NamedTuple):
    """One limit of a budget that is set, in the unit that it counts.

    Attributes:
        name: such as "run, dollars".
        most: the limit.
        spent: of it already.
        expected: what the run would add; None where no price is known.
        stops_in: the stage in which the limit would be reached; None if it would not.
        stops_after: the calls of that stage that would be made before, about.
    """

    name: str
    most: float
    spent: float
    expected: float | None
    stops_in: str | None = None
    stops_after: int = 0


def limits(
    budget: BudgetSettings, spent_today: tuple[float, int], stages: Sequence[StageEstimate]
) -> list[Limit]:
    """What the limits that are set mean for a run, in the order run, day."""
    return list(_limits(budget, spent_today, stages))


def _limits(
    budget: BudgetSettings, spent_today: tuple[float, int], stages: Sequence[StageEstimate]
) -> Iterator[Limit]:
    usd = [stage.cost_usd for stage in stages]
    tokens = [float(stage.prompt_tokens + stage.completion_tokens) for stage in stages]
    for name, most, spent, costs in (
        ("run, dollars", budget.run_usd, 0.0, usd),
        ("day, dollars", budget.day_usd, spent_today[0], usd),
        ("run, tokens", budget.run_tokens, 0, tokens),
        ("day, tokens", budget.day_tokens, spent_today[1], tokens),
    ):
        if most is not None:
            yield _held(Limit(name, most, spent, None), stages, costs)


def _held(limit: Limit, stages: Sequence[StageEstimate], costs: Sequence[float | None]) -> Limit:
    """The limit, held against the stages one after the other."""
    taken, stop = limit.spent, limit
    for stage, cost in zip(stages, costs, strict=True):
        if cost is None:
            return limit
        if taken + cost > limit.most and stop.stops_in is None:
            share = max(0.0, limit.most - taken) / cost
            stop = stop._replace(stops_in=stage.stage, stops_after=int(stage.n_calls * share))
        taken += cost
    return stop._replace(expected=taken - limit.spent)
