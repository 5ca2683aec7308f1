"""What ``errormap taxonomy`` prints: versions, decisions, changes, where the errors went."""

from pathlib import Path

import polars as pl

from errormap_dagster.cli import console
from errormap_dagster.domain.taxonomy_versions import Status, VersionKey, versions_in
from errormap_dagster.project import Project
from errormap_dagster.stages.decisions import version_key
from errormap_dagster.stages.taxonomies import categories_of, load_taxonomies, versions_in_force
from errormap_dagster.stages.taxonomy_reports import (
    change_table,
    diff_table,
    errors_in,
    flow_table,
    log_table,
    tree_text,
    version_rows,
)

_FLOWS_SHOWN = 40


def print_log(home: Path | None) -> int:
    """Print every decision, and what waits for one."""
    project = Project.open(home)
    decisions = log_table(project)
    if decisions.is_empty():
        console.say("No taxonomy has been made yet. `errormap run` makes the first versions.")
        return 0
    console.show(decisions)
    for key in versions_in(load_taxonomies(project), Status.CANDIDATE):
        console.say(f"{key} waits: `errormap taxonomy show {key}`, then approve or retire it.")
    return 0


def print_version(home: Path | None, version: str | None) -> int:
    """Print where versions come from, their trees and their changes.

    Raises:
        TaxonomyError: there is no such version.
    """
    project = Project.open(home)
    keys = [version_key(version)] if version else versions_in_force(project)
    for key in keys:
        _print_version(project, key)
    return 0


def _print_version(project: Project, key: VersionKey) -> None:
    row = version_rows(project, key)
    console.heading(f"{key}: {row['status']}")
    parent = row["parent_version"]
    console.say(f"made by   {row['actor']} {row['prompt_version'] or ''}".rstrip())
    console.say(f"when      {row['created_at']:%Y-%m-%d %H:%M} UTC, run {row['run_id']}")
    console.say(f"from      {row['n_errors']} errors; {row['reason']}")
    console.say(f"parent    {f'{key.taxonomy}@{parent}' if parent else 'none'}")
    console.say(tree_text(categories_of(project, key), errors_in(project, key)))
    changes = change_table(project).filter(pl.col("version") == str(key)).drop("version")
    if not changes.is_empty():
        console.heading(f"What changed from {key.taxonomy}@{parent}")
        _print_changes(changes)


def _print_changes(changes: pl.DataFrame) -> None:
    """A few lines for each change: texts are too long for the columns of a table."""
    for row in changes.iter_rows(named=True):
        ends = " -> ".join(end for end in (row["from"], row["to"]) if end)
        console.say(f"{row['change']}: {ends}")
        console.say(f"    why     {row['reason']}")
        console.say(f"    errors  {row['agreement'].replace('_', ' ')}: {row['evidence']}")


def print_difference(home: Path | None, before: str, after: str) -> int:
    """Print the changes from one version to another and where the errors went.

    Raises:
        TaxonomyError: there is no such version.
    """
    project = Project.open(home)
    ends = version_key(before), version_key(after)
    console.heading(f"What changed from {ends[0]} to {ends[1]}")
    changes = diff_table(project, *ends)
    if changes.is_empty():
        console.say("Nothing: both say the same.")
    else:
        _print_changes(changes)
    console.heading("Where the errors went")
    flow = flow_table(project, *ends)
    console.show(flow.drop("is_same").head(_FLOWS_SHOWN))
    stayed = int(flow.filter("is_same")["errors"].sum())
    console.say(f"{flow['errors'].sum()} errors; {stayed} have the same place in both.")
    return 0
