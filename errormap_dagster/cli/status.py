"""``errormap status``: what landed, what is judged, and what a run would make."""

from pathlib import Path

import polars as pl

from errormap_dagster.cli import console
from errormap_dagster.project import Project
from errormap_dagster.stages.reports import (
    alias_notes,
    choice_notes,
    evaluation_table,
    example_notes,
    landed_table,
    landing_notes,
    trial_notes,
)
from errormap_dagster.stages.staleness import pending_work

_ROWS_SHOWN = 60


def print_status(home: Path | None) -> int:
    """Print the state of a home; 0 always, for a state is no failure."""
    project = Project.open(home)
    console.say(f"Home: {project.home.root}")
    landed = landed_table(project)
    console.heading("Landed files")
    if landed.is_empty():
        console.say("Nothing has landed yet. `errormap land FILE...` reads predictions.")
        return 0
    _show(landed)
    for note in (*landing_notes(project), *choice_notes(project), *alias_notes(project)):
        console.say(note)
    console.heading("Evaluations")
    made = evaluation_table(project)
    if made.is_empty():
        console.say("No table has been made of them yet.")
    else:
        _show(made)
    for note in (*trial_notes(project), *example_notes(project)):
        console.say(note)
    console.heading("A run would make")
    pending = pending_work(project)
    for work in pending:
        console.say(f"  {work.table}: {work.reason}")
    if not pending:
        console.say("  nothing: every table is up to date.")
    return 0


def _show(frame: pl.DataFrame) -> None:
    console.show(frame.head(_ROWS_SHOWN))
    if frame.height > _ROWS_SHOWN:
        console.say(f"... and {frame.height - _ROWS_SHOWN} more")
