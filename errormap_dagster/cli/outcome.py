"""What a run's checks say, on the terminal, and the exit code that follows."""

import re

import dagster as dg

from errormap_dagster.cli import console

_CLASS_NAME = re.compile(r"^errormap_dagster\.[\w.]+: ")
"""Our messages say all that is to be said; the class that carried them is of no use here."""


def _failed_steps(result: dg.ExecuteInProcessResult) -> list[str]:
    messages: list[str] = []
    for event in result.all_events:
        if event.event_type_value == "STEP_FAILURE":
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            told = _CLASS_NAME.sub("", cause.message.strip()) if cause else "failed"
            messages.append(f"{event.step_key}: {told}")
    return messages


def report_checks(result: dg.ExecuteInProcessResult, *, every: bool = False) -> int:
    """Print the checks that did not pass; 1 when a blocking one or a stage failed, else 0.

    Args:
        result: of the run.
        every: whether a check that does not block also makes it 1.
    """
    evaluations = result.get_asset_check_evaluations()
    failed = [evaluation for evaluation in evaluations if not evaluation.passed]
    for evaluation in failed:
        where = f"{evaluation.asset_key.to_user_string()}.{evaluation.check_name}"
        tell = console.error if evaluation.blocking else console.warning
        tell(f"check {where} failed: {evaluation.description or 'see the Dagster UI'}")
    for message in _failed_steps(result) if not any(e.blocking for e in failed) else []:
        console.error(message)
    if evaluations:
        n_passed = len(evaluations) - len(failed)
        console.say(f"{n_passed} checks passed, {len(failed)} failed.")
    blocked = not result.success or any(evaluation.blocking for evaluation in failed)
    return 1 if blocked or (every and failed) else 0
