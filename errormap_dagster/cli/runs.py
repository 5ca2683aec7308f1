"""``errormap land`` and ``errormap run``: Dagster jobs, run here, with bars instead of logs."""

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import dagster as dg

from errormap_dagster.alerts import alert, failures_of, is_waiting_for_judge
from errormap_dagster.assets.partitions import partition_range, registered_evaluations
from errormap_dagster.cli import console
from errormap_dagster.cli.outcome import report_checks
from errormap_dagster.definitions import build_definitions
from errormap_dagster.home import Home
from errormap_dagster.jobs import EVERYTHING, LAND
from errormap_dagster.lineage_events import parents_of, send_lineage
from errormap_dagster.project import Project
from errormap_dagster.resources.instance import instance_in_use, open_instance
from errormap_dagster.stages.staleness import evaluations_with_work


def execute_job(
    job: str, config: dict[str, Any], tags: dict[str, str]
) -> dg.ExecuteInProcessResult:
    """Run a job of the code location in this process, recorded in the instance."""
    home = Home.locate()
    if home.is_taken():
        console.say("Another run is at work on this home; waiting for its end ...")
    quiet = {"console": {"config": {"log_level": "CRITICAL"}}}
    # dbt prints every step, which its own log below the home keeps anyway.
    with (
        console.progress_bars(),
        redirect_stdout(io.StringIO()),
        instance_in_use(home) as instance,
    ):
        definitions = build_definitions()
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            run_config={**config, "loggers": quiet},
            tags=tags,
            raise_on_error=False,
        )
        parents = parents_of(definitions.resolve_all_asset_specs())
        unsent = send_lineage(Project.open().settings, instance, result.dagster_run, parents)
    if unsent:
        console.warning(unsent)
    if not result.success and not is_waiting_for_judge(result.all_events):
        problem = alert(Project.open(), result.dagster_run, failures_of(result.all_events))
        if problem:
            console.warning(f"the alert could not be sent: {problem}")
    return result


def land_files(home: Path | None, paths: Sequence[Path], source_format: str | None = None) -> int:
    """Land files; 1 when a check of the landing failed."""
    Home.locate(home).prepare()
    named: dict[str, Any] = {"paths": [str(path.expanduser().resolve()) for path in paths]}
    if source_format is not None:
        named["source_format"] = source_format
    result = execute_job(LAND, {"ops": {"landing": {"config": named}}}, {})
    return report_checks(result, every=True)


def run_everything(home: Path | None) -> int:
    """Make what is missing or stale; 1 when a blocking check or a stage failed."""
    Home.locate(home).prepare()
    landed = execute_job(LAND, {}, {})
    if not landed.success:
        return report_checks(landed)
    keys = registered_evaluations(open_instance(Home.locate()))
    if not keys:
        console.error("Nothing has landed yet. Run `errormap land FILE...` first.")
        return 2
    stale = {evaluation.key for evaluation in evaluations_with_work(Project.open(home))}
    result = execute_job(EVERYTHING, {}, partition_range(keys, stale))
    return report_checks(result)
