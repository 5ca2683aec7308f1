"""Alerts: what a failed run says to the log and to a webhook, from the daemon or the terminal."""

import re
from collections.abc import Iterable

import dagster as dg

from errormap_dagster.errors import JudgeWaitingError
from errormap_dagster.project import Project
from errormap_dagster.webhook import send

_CLASS_NAME = re.compile(r"^errormap_dagster\.[\w.]+: ")
"""Our messages say all that is to be said; the class that carried them is of no use."""
_LONGEST_REASON = 600


def failures_of(events: Iterable[dg.DagsterEvent]) -> list[str]:
    """What went wrong in a run, one line each: blocking checks by their words, else the steps.

    A blocking check that fails also fails its step, which would say the same again.
    """
    checks: list[str] = []
    steps: list[str] = []
    for event in events:
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            told = event.asset_check_evaluation_data
            if not told.passed and told.blocking:
                where = f"{told.asset_key.to_user_string()}.{told.check_name}"
                checks.append(f"check {where}: {told.description or 'see the page of the run'}")
        elif event.event_type_value == "STEP_FAILURE":
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            said = _CLASS_NAME.sub("", cause.message.strip()) if cause else "failed"
            steps.append(f"{event.step_key}: {said}")
    return [_shortened(line) for line in checks or steps]


def is_waiting_for_judge(events: Iterable[dg.DagsterEvent]) -> bool:
    """Whether a run ended only because calls are with the judge's provider: nobody need act."""
    errors = [e.step_failure_data.error for e in events if e.event_type_value == "STEP_FAILURE"]
    names = {(error.cause or error).cls_name if error else None for error in errors}
    return names == {JudgeWaitingError.__name__}


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}..."


def alert_text(project: Project, run: dg.DagsterRun, reasons: list[str]) -> str:
    """The alert about a failed run: what failed, why, and where to look."""
    link = f"{project.settings.alerts.ui_url.rstrip('/')}/runs/{run.run_id}"
    lines = [f"errormap: the run of {run.job_name} failed", *(f"- {r}" for r in reasons), link]
    return "\n".join(lines)


def alert(project: Project, run: dg.DagsterRun, reasons: list[str]) -> str | None:
    """Send the alert about a failed run to the webhook of the settings, if there is one.

    Returns:
        Why it could not be sent; None when it was, or when there is no webhook.
    """
    return send(alert_text(project, run, reasons), project.settings.alerts.webhook_variable)
