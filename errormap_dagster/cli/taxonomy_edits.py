"""``errormap taxonomy edit`` and ``replay``: people's edits, and the candidate that they make."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from errormap_dagster.cli import console
from errormap_dagster.cli.taxonomy import print_version
from errormap_dagster.project import Project
from errormap_dagster.stages.candidates import edit_candidate, replay_edits
from errormap_dagster.taxonomy_files.edits_file import add_entry

_FILE = "taxonomy/edits.yaml"


def add_edit(home: Path | None, entry: Mapping[str, Any]) -> int:
    """Add an entry to the home's edits and say what became of each; 1 when it does not apply.

    Raises:
        SettingsError: the entry, or one that stands in the file, is none.
    """
    project = Project.open(home)
    edit = add_entry(project.home.edits_file, entry)
    console.say(f"Edit {edit.number} stands in {project.home.edits_file}.")
    return _print_results(project)


def _print_results(project: Project) -> int:
    done = replay_edits(project)
    for result in done.results:
        where = f"edit {result.edit.number} ({result.edit.kind})"
        console.say(f"{where}: {result.outcome.replace('_', ' ')}: {result.detail}")
    return 1 if done.failed else 0


def replay_version(home: Path | None) -> int:
    """Make a candidate of the version in force and the edits; 1 when an edit does not apply.

    Raises:
        TaxonomyError: there is no version to edit yet.
        JudgeStoppedError: the judge cannot go on.
    """
    project = Project.open(home, run_id="edits")
    with project.home.alone():
        made = edit_candidate(project, project.run_id)
    if made.key is None:
        console.say(f"Nothing would change by {_FILE}: no candidate was made.")
        return _print_results(project)
    console.say(f"{made.key} is a candidate; no number has moved.")
    print_version(home, str(made.key))
    return _print_results(project)
