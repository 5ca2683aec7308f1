"""``errormap report``: the results as one HTML file."""

import shutil
from pathlib import Path

from errormap_dagster.cli import console
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.project import Project
from errormap_dagster.stages.publishing import make_report


def write_report(home: Path | None, to: Path | None) -> int:
    """Make the report of what the tables hold, and copy it where it was asked for.

    Raises:
        ErrorMapError: the folder to copy to is missing.
        TableMissingError: the results have not been made yet.
    """
    if to is not None and not to.parent.is_dir():
        raise ErrorMapError(f"{to}: the folder {to.parent} does not exist. Make it first.")
    project = Project.open(home)
    with project.home.alone():
        make_report(project)
    path = project.home.report
    if to is not None:
        path = Path(shutil.copyfile(path, to))
    console.say(f"Report: {path} ({path.stat().st_size / 1e6:.1f} MB)")
    return 0
