"""What ``errormap taxonomy`` does: jobs, so that the UI has them in its history."""

from pathlib import Path

from errormap_dagster.cli import console
from errormap_dagster.cli.outcome import report_checks
from errormap_dagster.cli.runs import execute_job, run_everything
from errormap_dagster.cli.taxonomy import print_version
from errormap_dagster.domain.taxonomy_versions import Status, VersionKey, versions_in
from errormap_dagster.home import Home
from errormap_dagster.project import Project
from errormap_dagster.stages.decisions import version_key
from errormap_dagster.stages.taxonomies import load_taxonomies
from errormap_dagster.taxonomy_jobs import DECIDE, GROW


def grow_version(home: Path | None) -> int:
    """Grow a candidate and show it; 1 when the judge could not go on."""
    Home.locate(home).prepare()
    before = _candidates(home)
    result = execute_job(GROW, {}, {})
    if not result.success:
        return report_checks(result)
    made = [key for key in _candidates(home) if key not in before]
    if not made:
        console.say("Nothing would change: no candidate was made.")
        return 0
    console.say(f"{made[0]} is a candidate; no number has moved.")
    return print_version(home, str(made[0]))


def _candidates(home: Path | None) -> list[VersionKey]:
    return versions_in(load_taxonomies(Project.open(home)), Status.CANDIDATE)


def decide_version(home: Path | None, verdict: str, version: str, by: str, reason: str) -> int:
    """Decide about a version, then make what follows from it."""
    Home.locate(home).prepare()
    config = {"verdict": verdict, "version": str(version_key(version)), "by": by, "reason": reason}
    result = execute_job(DECIDE, {"ops": {"decide": {"config": config}}}, {})
    if not result.success:
        return report_checks(result)
    console.say(f"{config['version']}: {verdict.lower()}d by {by}.")
    return run_everything(home)
