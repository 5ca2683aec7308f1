"""``errormap judge``: one small question to the judge's endpoint, and the batches it has."""

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from errormap_dagster.cli import console
from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.errors import JudgeStoppedError, SettingsError
from errormap_dagster.judge.interface import Operation
from errormap_dagster.judge_settings import JudgeSettings
from errormap_dagster.project import Project

if TYPE_CHECKING:
    from errormap_dagster.judge.llm.batch.record import Batch

_CASE = FailureCase(
    prediction_id="check",
    dataset="check",
    model="check",
    example_id="check",
    input_text="What is 2 + 2?",
    output_text="2 + 2 = 5. The answer is 5.",
    correct_answer="4",
    score=0.0,
    threshold=1.0,
)


def check_judge(home: Path | None) -> int:
    """Ask the judge of the settings one small question; 1 when it gives no diagnosis."""
    project = Project.open(home, run_id="judge-check")
    chosen = project.settings.judge
    if chosen.kind == "embedded":
        console.say("The judge is the embedded analyst: no endpoint, no key, no cost.")
        console.say("For a model: ERRORMAP_JUDGE=llm and ERRORMAP_JUDGE_MODEL, or errormap.yaml.")
        return 0
    identity = project.judge.identity(Operation.ANALYSE)
    console.say(f"model      {identity.judge}, prompt {identity.prompt_version}")
    console.say(f"endpoint   {chosen.base_url or 'OpenAI'}, mode {chosen.mode}")
    try:
        (analysis,) = project.judge.analyse([_CASE])
    except JudgeStoppedError as error:
        console.error(str(error))
        return 1
    finally:
        project.close()
    effort = project.judge.effort()
    if analysis.outcome is Outcome.JUDGE_FAILED:
        console.error(f"{analysis.error_summary} {_remedy(chosen.mode)}")
        return 1
    console.say(f"diagnosis  {analysis.error_title or analysis.outcome.value}")
    if effort.n_recorded_calls:
        console.say("The record of calls held this answer: nothing was asked or paid.")
        return _check_batch_api(chosen)
    cost = "price not known" if effort.cost_usd is None else f"{effort.cost_usd:.6f} US dollars"
    console.say(
        f"took       {effort.seconds:.1f} s, {effort.prompt_tokens} tokens sent, "
        f"{effort.completion_tokens} received, {cost}"
    )
    return _check_batch_api(chosen)


def _check_batch_api(chosen: JudgeSettings) -> int:
    """Say whether the endpoint has a Batch API; 1 when the settings want one that is not there."""
    from errormap_dagster.judge.llm.batch.ledger import (  # noqa: PLC0415 - openai takes seconds to import
        has_batch_api,
    )

    try:
        told = "there" if has_batch_api(chosen) else "not there"
    except JudgeStoppedError as error:
        told = f"not known: {error}"
    console.say(f"batch API  {told}")
    if told == "there" or chosen.lane == "ordinary":
        return 0
    console.error("judge.lane is 'batch', which needs a Batch API: set it to 'ordinary'.")
    return 1


def tell_batches(home: Path | None, cancel: str | None, forget: str | None) -> int:
    """Show the batches; first cancel one, or give one up, if it is named."""
    from errormap_dagster.judge.llm.batch.ledger import (  # noqa: PLC0415 - as above
        BatchLedger,
    )

    project = Project.open(home)
    if not project.has_judge_calls:
        console.say("No call was ever made to a judge: no batch is with a provider.")
        return 0
    ledger = BatchLedger(project.settings.judge, project.judge_calls_url)
    if cancel:
        ledger.cancel(cancel)
    if forget:
        ledger.forget(forget)
    try:
        ledger.look()
    except (JudgeStoppedError, SettingsError) as error:
        console.warning(f"as of the last look: {error}")
    batches = ledger.batches()
    if not batches:
        console.say("No call was ever made by batch.")
        return 0
    console.show(pl.DataFrame([_told(batch) for batch in batches]))
    out = [batch for batch in batches if batch.collected_at is None]
    console.say(
        f"{sum(batch.n_calls for batch in out)} calls are out; `errormap run` collects them."
    )
    return 0


def _told(batch: "Batch") -> dict[str, str | int]:
    return {
        "batch": batch.name,
        "stage": batch.stage,
        "judge": batch.judge,
        "calls": batch.n_calls,
        "ended": batch.n_ended,
        "status": batch.status,
        "submitted": f"{batch.submitted_at:%Y-%m-%d %H:%M}",
        "collected": f"{batch.collected_at:%Y-%m-%d %H:%M}" if batch.collected_at else "",
    }


def _remedy(mode: str) -> str:
    if mode == "json":
        return "See judge.parameters and judge.reply_tokens in errormap.yaml."
    return (
        "If the endpoint knows no JSON schema, set judge.mode to 'json'; if it refuses a "
        "parameter, change judge.parameters, judge.is_strict or judge.reply_tokens_name."
    )
