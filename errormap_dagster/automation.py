"""What happens untouched: new files land, their evaluations are worked on, failures are told.

Two steps in two runs, for the evaluations in a file become partitions only when it has landed. Both
steps are runs of the jobs that people start too; Dagster's sensors, schedule and queue do the rest.
"""

import json
import time
from typing import Any

import dagster as dg

from errormap_dagster.alerts import alert, alert_text, failures_of, is_waiting_for_judge
from errormap_dagster.assets.partitions import partition_range, registered_evaluations
from errormap_dagster.domain.identity import content_id
from errormap_dagster.errors import SettingsError
from errormap_dagster.jobs import EVERYTHING, FOLLOW_TAG, JOBS, LAND
from errormap_dagster.project import Project
from errormap_dagster.resources.project import report_dead_run
from errormap_dagster.settings import Settings
from errormap_dagster.stages.landing import new_files
from errormap_dagster.stages.staleness import evaluations_with_work, pending_work
from errormap_dagster.taxonomy_jobs import decide_job

_FOLLOWED: dict[str, str] = {FOLLOW_TAG: EVERYTHING}


class Seen(dict[str, tuple[list[int], float]]):
    """Files that wait to be still: size and time of change of each, and since when they are so."""

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Seen":
        """What the last look saw."""
        entries: dict[str, Any] = json.loads(cursor) if cursor else {}
        return cls({name: (list(mark), float(since)) for name, (mark, since) in entries.items()})

    def looked_again(self, found: dict[str, list[int]], now: float) -> "Seen":
        """The files of this look; one that has changed since the last begins anew."""
        return Seen(
            {
                name: self[name] if name in self and self[name][0] == mark else (mark, now)
                for name, mark in found.items()
            }
        )

    def still(self, now: float, seconds: float) -> list[str]:
        """Names of the files that were seen before and have not changed for so long."""
        return sorted(n for n, (_, since) in self.items() if since < now and now - since >= seconds)


def _is_at_work(project: Project, instance: dg.DagsterInstance) -> bool:
    """Whether a run writes the home, or is about to."""
    if project.home.is_taken():
        return True
    with project.home.alone():
        report_dead_run(project.home, instance)
    soon = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING]
    jobs = [dg.RunsFilter(job_name=job, statuses=soon) for job in (LAND, EVERYTHING)]
    return any(instance.get_runs_count(job) for job in jobs)


def _look(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """One look at the landing folders: remember what is new, land what is still."""
    project = Project.open()
    now = time.time()
    seen = Seen.from_cursor(context.cursor).looked_again(new_files(project), now)
    still = seen.still(now, project.settings.landing.still_seconds)
    if not still:
        told = f"{len(seen)} new files are not still yet" if seen else "no new files"
        return dg.SensorResult(skip_reason=dg.SkipReason(told), cursor=json.dumps(seen))
    if _is_at_work(project, context.instance):
        told = f"{len(still)} new files wait for the end of a run that is at work"
        return dg.SensorResult(skip_reason=dg.SkipReason(told), cursor=json.dumps(seen))
    key = content_id(*(part for name in still for part in (name, *seen[name][0])))
    request = dg.RunRequest(
        run_key=key,
        job_name=LAND,
        run_config={"ops": {"landing": {"config": {"only": still}}}},
        tags=_FOLLOWED,
    )
    return dg.SensorResult(run_requests=[request], cursor=json.dumps(seen))


def landing_sensor(settings: Settings) -> dg.SensorDefinition:
    """The sensor that lands new files."""
    still = settings.landing.still_seconds
    folders = ["the home's landing folder", *settings.landing.urls]
    is_on = settings.refresh.is_on

    @dg.sensor(
        name="new_files",
        job_name=LAND,
        minimum_interval_seconds=settings.refresh.interval_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED,
        description=f"Looks at {', '.join(folders)} every {settings.refresh.interval_seconds} s. "
        f"Files that have not changed for {still:g} s are landed by one run of `{LAND}`; then "
        f"`{EVERYTHING}` runs over the evaluations that they made new or stale.",
    )
    def new_files_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return _look(context)

    return new_files_sensor


def nightly_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """The schedule that makes everything.

    Raises:
        SettingsError: Dagster does not take the cron expression.
    """
    refresh = settings.refresh
    on, off = dg.DefaultScheduleStatus.RUNNING, dg.DefaultScheduleStatus.STOPPED
    try:
        return dg.ScheduleDefinition(
            name="nightly",
            job_name=LAND,
            cron_schedule=refresh.cron,
            execution_timezone=refresh.timezone,
            tags=_FOLLOWED,
            default_status=on if refresh.is_on else off,
            description=f"At {refresh.cron!r} ({refresh.timezone}): lands whatever is new, then "
            f"runs `{EVERYTHING}` over every evaluation that is missing or stale.",
        )
    except dg.DagsterInvalidDefinitionError as error:
        raise SettingsError(f"errormap.yaml: refresh.cron = {refresh.cron!r}: {error}") from error


def following_run(
    project: Project, instance: dg.DagsterInstance, landing_run: str
) -> dg.RunRequest | dg.SkipReason:
    """The run of ``everything`` over what is missing or stale, if anything is."""
    pending = pending_work(project)
    keys = registered_evaluations(instance)
    stale = {evaluation.key for evaluation in evaluations_with_work(project)}
    if not pending or not keys:
        return dg.SkipReason("every table is up to date")
    return dg.RunRequest(
        run_key=landing_run, job_name=EVERYTHING, tags=partition_range(keys, stale)
    )


def following_sensor() -> dg.SensorDefinition:
    """The sensor that goes on after a landing that the sensor or the schedule has started."""

    @dg.run_status_sensor(
        name="after_landing",
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[JOBS[LAND], decide_job],
        request_job=JOBS[EVERYTHING],
        minimum_interval_seconds=5,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"After a run of `{LAND}` that the sensor new_files or the schedule nightly "
        f"has started, and after a decision about a taxonomy: runs `{EVERYTHING}` over the "
        "evaluations that are missing or stale, in one run. A landing that somebody started by "
        "hand is left alone.",
    )
    def after_landing(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        if FOLLOW_TAG not in context.dagster_run.tags:
            return dg.SkipReason("the landing was started by hand")
        return following_run(Project.open(), context.instance, context.dagster_run.run_id)

    return after_landing


@dg.run_failure_sensor(
    name="failed_runs",
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells of every failed run in the log and, if alerts.webhook_variable names a "
    "variable with a URL, at that webhook: the asset or check, the reason and a link.",
)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    """Report a failed run."""
    instance, run = context.instance, context.dagster_run
    records = instance.all_logs(run.run_id)
    events = [record.dagster_event for record in records if record.dagster_event]
    reasons = failures_of(events) or [context.failure_event.message or "the run failed"]
    project = Project.open()
    if is_waiting_for_judge(events):
        context.log.info(alert_text(project, run, reasons))
        return
    context.log.error(alert_text(project, run, reasons))
    if problem := alert(project, run, reasons):
        context.log.error(f"the alert could not be sent: {problem}")
