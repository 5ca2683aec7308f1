"""What a run's checks say, on the terminal, and the exit code that follows."""

import dagster as dg

from errormap_dagster.alerts import failures_of
from errormap_dagster.cli import console


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
    for message in [] if any(e.blocking for e in failed) else failures_of(result.all_events):
        console.error(message)
    if evaluations:
        n_passed = len(evaluations) - len(failed)
        console.say(f"{n_passed} checks passed, {len(failed)} failed.")
    blocked = not result.success or any(evaluation.blocking for evaluation in failed)
    return 1 if blocked or (every and failed) else 0
