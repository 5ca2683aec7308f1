"""``errormap judge check``: one small question to the judge's endpoint, and what it tells."""

from pathlib import Path

from errormap_dagster.cli import console
from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.errors import JudgeStoppedError
from errormap_dagster.judge.interface import Operation
from errormap_dagster.project import Project

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
        return 0
    cost = "price not known" if effort.cost_usd is None else f"{effort.cost_usd:.6f} US dollars"
    console.say(
        f"took       {effort.seconds:.1f} s, {effort.prompt_tokens} tokens sent, "
        f"{effort.completion_tokens} received, {cost}"
    )
    return 0


def _remedy(mode: str) -> str:
    if mode == "json":
        return "See judge.parameters and judge.reply_tokens in errormap.yaml."
    return (
        "If the endpoint knows no JSON schema, set judge.mode to 'json'; if it refuses a "
        "parameter, change judge.parameters, judge.is_strict or judge.reply_tokens_name."
    )
