"""The report as a stage: made when a table behind it has changed, and kept for each refresh."""

import re
import uuid
from pathlib import Path

from errormap_dagster.parts import part
from errormap_dagster.project import Project
from errormap_dagster.queries.tables import Tables
from errormap_dagster.report.page import MARK, report

_MARK = re.compile(rf'<meta name="{re.escape(MARK)}" content="([0-9a-f]+)">')
_START = 2_000


def make_report(project: Project) -> bool:
    """Write the report unless it stands already; whether it was written.

    The newest is ``report.html``; each one also stays under a name of what it was made from.

    Raises:
        TableMissingError: the results have not been made yet.
    """
    mark = part(project.fingerprints.report())
    if stored_mark(project.home.report) == mark:
        return False
    html = report(Tables(project.store), mark)
    for path in (kept_report(project, mark), project.home.report):
        _replace(path, html)
    return True


def is_report_fresh(project: Project) -> bool:
    """Whether the newest report tells what the tables hold."""
    return stored_mark(project.home.report) == part(project.fingerprints.report())


def kept_report(project: Project, mark: str) -> Path:
    """Where the report of one state of the tables stays."""
    return project.home.report.with_name(f"report-{mark[:16]}.html")


def stored_mark(path: Path) -> str | None:
    """What a report was made from; None when there is none."""
    if not path.exists():
        return None
    with path.open(encoding="utf-8") as file:
        found = _MARK.search(file.read(_START))
    return found and found.group(1)


def _replace(path: Path, html: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        # Half of a pair that stands for one character cannot be written, and never says anything.
        beside.write_text(html, encoding="utf-8", errors="replace", newline="\n")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
