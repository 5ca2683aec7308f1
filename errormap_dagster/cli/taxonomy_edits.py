"""What people write of a taxonomy: edits and files, and the candidates that they make."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from errormap_dagster.cli import console
from errormap_dagster.cli.choices import TaxonomyFormat
from errormap_dagster.cli.taxonomy import print_version
from errormap_dagster.project import Project
from errormap_dagster.stages.candidates import (
    Proposal,
    edit_candidate,
    make_candidate,
    origin_of_person,
    replay_edits,
)
from errormap_dagster.stages.decisions import version_key
from errormap_dagster.stages.taxonomies import categories_of
from errormap_dagster.stages.taxonomy_reports import matches_of, version_rows
from errormap_dagster.taxonomy_files.edits_file import add_entry
from errormap_dagster.taxonomy_files.reading import TaxonomySource, read_taxonomy_file
from errormap_dagster.taxonomy_files.skos_file import skos_text
from errormap_dagster.taxonomy_files.taxonomy_file import taxonomy_text

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


def export_taxonomy(home: Path | None, version: str, to: Path, form: TaxonomyFormat) -> int:
    """Write a version as a YAML or SKOS file.

    Raises:
        TaxonomyError: there is no such version.
    """
    project, key = Project.open(home), version_key(version)
    version_rows(project, key)
    categories = categories_of(project, key)
    if form is TaxonomyFormat.SKOS:
        text = skos_text(key, categories, matches_of(project, key))
    else:
        text = taxonomy_text(key.taxonomy, categories)
    to.write_bytes(text.encode("utf-8"))
    console.say(f"{key} written to {to}")
    return 0


def import_taxonomy(home: Path | None, source: TaxonomySource, by: str, reason: str) -> int:
    """Make a candidate of a file.

    Raises:
        SettingsError: the file is no taxonomy.
        TaxonomyError: its categories are no usable tree.
        JudgeStoppedError: the judge cannot go on.
    """
    project = Project.open(home, run_id="import")
    name, categories = read_taxonomy_file(source)
    origin = origin_of_person(by, f"{reason} ({source.path.name})", project.run_id)
    with project.home.alone():
        made = make_candidate(project, Proposal(name, categories, (), origin))
    if made.key is None:
        console.say(f"{name} says this already: no candidate was made.")
        return 0
    console.say(f"{made.key} is a candidate; no number has moved.")
    return print_version(home, str(made.key))
