"""``errormap estimate``: what a run would ask and cost, before anything is spent."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl

from errormap_dagster.cli import console
from errormap_dagster.judge.llm.expectations import Expectations
from errormap_dagster.project import Project
from errormap_dagster.stages.budgets import Limit, limits
from errormap_dagster.stages.estimate import Estimate, estimate

_FILES_SHOWN = 5
_HIDDEN_REASONING = (
    "  Reasoning that a model does not show counts as completion tokens, and only the record knows "
    "it: after a small run (sampling.cap_per_evaluation) the estimate rests on the record."
)
_SUMMED = ("n_recorded", "n_calls", "n_tries", "prompt_tokens", "completion_tokens")


def print_estimate(home: Path | None, paths: Sequence[Path], *, as_json: bool) -> int:
    """Print what a run would cost; 0 always, for a high price is no failure."""
    project = Project.open(home, run_id="estimate")
    with console.progress_bars():
        told = estimate(project, [path.expanduser().resolve() for path in paths])
    held = limits(project.settings.judge.budget, told.spent_today, told.stages)
    if as_json:
        console.say(json.dumps(_document(project, told, held), indent=1))
        return 0
    _print_notes_before(project, told)
    if project.settings.judge.kind == "embedded" and not told.stages:
        console.say("The judge is the embedded analyst: 0 calls, 0 dollars.")
        return 0
    if not told.stages:
        console.say("A run would ask the judge nothing: 0 calls, 0 dollars.")
        return 0
    console.show(_table(told))
    for line in (*_basis(told), *map(_limit_told, held), *_without_price(told)):
        console.say(line)
    return 0


def _print_notes_before(project: Project, told: Estimate) -> None:
    if project.home.is_taken():
        console.warning("a run is at work on this home: the figures are of this moment.")
    if told.new_files:
        shown = ", ".join(told.new_files[:_FILES_SHOWN])
        more = len(told.new_files) - _FILES_SHOWN
        rest = f" and {more} more" if more > 0 else ""
        console.say(f"Files that have not landed yet are counted: {shown}{rest}.")
    if project.settings.landing.urls:
        console.say("What may be new in landing folders that are URLs is not counted.")
    for obstacle in told.obstacles:
        console.warning(f"not counted, for it cannot be made: {obstacle}")


def _totals(told: Estimate) -> dict[str, int | float | None]:
    costs = [stage.cost_usd for stage in told.stages]
    known = [cost for cost in costs if cost is not None]
    sums = {name: sum(int(getattr(s, name)) for s in told.stages) for name in _SUMMED}
    return {**sums, "cost_usd": sum(known) if len(known) == len(costs) else None}


def _table(told: Estimate) -> pl.DataFrame:
    rows = [asdict(stage) for stage in told.stages]
    rows.append({"stage": "total", "model": "", **_totals(told)})
    return pl.DataFrame(
        {
            "stage": [row["stage"] for row in rows],
            "model": [row["model"] for row in rows],
            "recorded": [row["n_recorded"] for row in rows],
            "calls": [row["n_calls"] for row in rows],
            "tries": [row["n_tries"] for row in rows],
            "prompt tokens": [row["prompt_tokens"] for row in rows],
            "completion tokens": [row["completion_tokens"] for row in rows],
            "dollars": [_dollars(row["cost_usd"]) for row in rows],
        }
    )


def _dollars(cost: float | None) -> str:
    return "not known" if cost is None else f"{cost:,.4f}"


def _basis(told: Estimate) -> list[str]:
    """Which figures come from the record, and which are assumed."""
    lines = ["recorded: answered by the record of calls, costs nothing. The other figures rest on:"]
    for stage in told.stages:
        if not stage.n_calls:
            continue
        counted = "corrected by the record" if stage.is_count_from_record else "not corrected"
        n = stage.n_replies_from_record
        replies = f"{n} recorded replies" if n else "a default, for the record holds too few"
        lines.append(
            f"  {stage.stage}: count of prompt tokens {counted}; length of replies: {replies}"
        )
    return [*lines, *_assumed(told.expected)] if len(lines) > 1 else lines[:1]


def _assumed(expected: Expectations | None) -> list[str]:
    if expected is None:
        return []
    replies = expected.replies
    source = f"{replies.n_recorded} recorded replies" if replies.n_recorded else "a default"
    told = (
        f"  failures with an error: {replies.titled_share:.0%} ({source}); of further titles "
        f"{replies.new_title_share:.0%} are taken to be new"
    )
    return [told, _HIDDEN_REASONING]


def _expected(expected: Expectations | None) -> dict[str, float] | None:
    """What is expected of replies, without their texts."""
    if expected is None:
        return None
    told = asdict(expected.replies)
    return {name: value for name, value in told.items() if name != "texts"}


def _limit_told(limit: Limit) -> str:
    begin = f"Budget of the {limit.name}: {limit.spent:g} of {limit.most:g} spent"
    if limit.expected is None:
        return f"{begin}; no price is known, so a run stops at its first call."
    more = f"{begin}, {limit.expected:g} expected"
    if limit.stops_in is None:
        return f"{more}: enough."
    return (
        f"{more}: NOT enough. The run would stop in {limit.stops_in} after about "
        f"{limit.stops_after} calls; the next run goes on from there."
    )


def _without_price(told: Estimate) -> list[str]:
    models = sorted({stage.model for stage in told.stages if stage.cost_usd is None})
    return [
        f"No price of {model!r} is known: name it under judge.prices in errormap.yaml, in dollars "
        f"per million tokens, such as judge: {{prices: {{{model}: {{input: 1, output: 2}}}}}}."
        for model in models
    ]


def _document(project: Project, told: Estimate, held: Sequence[Limit]) -> dict[str, object]:
    return {
        "judge": project.settings.judge.kind,
        "stages": [asdict(stage) for stage in told.stages],
        "total": _totals(told),
        "expected": _expected(told.expected),
        "budget": [limit._asdict() for limit in held],
        "new_files": told.new_files,
        "obstacles": told.obstacles,
    }
