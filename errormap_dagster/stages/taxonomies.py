"""Taxonomies as a stage: the tables of versions, and the first version of each taxonomy.

A refresh puts new errors into the version that is in force and changes nothing else, so that a
share that moves is the model's doing and not the taxonomy's. Versions beyond the first are
candidates (``candidates.py``) until somebody approves one (``decisions.py``).
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

from errormap_dagster.atlas.loader import load_atlas
from errormap_dagster.contracts.registry import empty_frame
from errormap_dagster.domain.assignment import errors_to_classify
from errormap_dagster.domain.edit_replay import replay
from errormap_dagster.domain.records import Category, JudgedError
from errormap_dagster.domain.taxonomy import categories_from
from errormap_dagster.domain.taxonomy_versions import (
    Decision,
    Status,
    TaxonomyFrames,
    VersionKey,
    VersionOrigin,
    add_first_version,
    newest_version,
    versions_in,
)
from errormap_dagster.judge.interface import Operation
from errormap_dagster.parts import fingerprint as joined
from errormap_dagster.parts import part
from errormap_dagster.project import Project
from errormap_dagster.stages.induction import induce, keep_induction
from errormap_dagster.stages.older_taxonomies import is_older, told_as_now
from errormap_dagster.tables import IN_FORCE, INDUCTION_TABLES, TAXONOMY_TABLES
from errormap_dagster.taxonomy_files.edits_file import load_edits

ATLAS = "atlas"
INDUCED = "induced"
PACKAGE = "errormap_dagster"
_FIRST = "the first version of a taxonomy is in force from the start"


def load_taxonomies(project: Project) -> TaxonomyFrames:
    """The taxonomy tables as they stand."""
    store = project.store
    stored = TaxonomyFrames(
        *(store.read(t) if store.exists(t) else empty_frame(t) for t in TAXONOMY_TABLES)
    )
    if is_older(stored.versions):
        nothing = TaxonomyFrames(*map(empty_frame, TAXONOMY_TABLES))
        return told_as_now(stored.versions, stored.categories, nothing)
    return stored


def save_taxonomies(project: Project, tables: TaxonomyFrames) -> None:
    """Write the taxonomy tables that say something else than those that stand."""
    in_force = _in_force(tables)
    for table, rows in zip(TAXONOMY_TABLES, tables, strict=True):
        lasting = rows.drop("created_at", "decided_at", "run_id", strict=False)
        mark = joined(tables=part(table, lasting.write_json()), **{IN_FORCE: in_force})
        if project.store.fingerprint(table) != mark:
            project.store.write(table, rows, mark)


def _in_force(tables: TaxonomyFrames) -> str:
    """The versions in force, by number and content."""
    approved = tables.versions.filter(pl.col("status") == Status.APPROVED.value)
    chosen = approved.select("taxonomy", "version", "content_hash").sort("taxonomy", "version")
    return part(*(value for row in chosen.iter_rows() for value in row))


def make_taxonomies(project: Project, run_id: str) -> list[str]:
    """Make the first version of the taxonomies that have none; which were made.

    The induced one waits until there is an error with a title to grow it from.
    """
    for table in INDUCTION_TABLES:
        project.store.declare(table)
    tables = load_taxonomies(project)
    made: list[str] = []
    for taxonomy in (ATLAS, INDUCED):
        if newest_version(tables, taxonomy) or not (
            first := _first_version(project, taxonomy, run_id)
        ):
            continue
        categories, origin = first
        key = VersionKey(taxonomy, 1)
        decision = Decision(key, Status.APPROVED, PACKAGE, _FIRST, origin.created_at, run_id)
        tables = add_first_version(tables, key, categories, origin, decision)
        made.append(taxonomy)
    save_taxonomies(project, tables)
    return made


def _first_version(
    project: Project, taxonomy: str, run_id: str
) -> tuple[Sequence[Category], VersionOrigin] | None:
    now = datetime.now(UTC)
    if taxonomy == ATLAS:
        reason = "shipped with the package"
        return load_atlas(), VersionOrigin(PACKAGE, None, None, (), reason, now, run_id)
    errors = titled_errors(project)
    if not errors:
        return None
    induction = induce(project, errors)
    keep_induction(project, INDUCED, 1, induction)
    edited = replay(induction.growth.categories, (), load_edits(project.home.edits_file))
    return edited.categories, grown_from(project, induction.inputs.grown_from, run_id)


def titled_errors(project: Project) -> list[JudgedError]:
    """Every judged error that has a title, in order of prediction_id."""
    return errors_to_classify(project.store.scan("judged_errors").collect())


def grown_from(
    project: Project, errors: Sequence[JudgedError], run_id: str, why: str = ""
) -> VersionOrigin:
    """The origin of a version that the judge of the settings grows from errors now, and why."""
    who = project.judge.identity(Operation.GENERATE)
    return VersionOrigin(
        who.judge,
        who.judge,
        who.prompt_version,
        tuple(error.prediction_id for error in errors),
        f"grown from {len(errors)} judged errors" + (f": {why}" if why else ""),
        datetime.now(UTC),
        run_id,
    )


def versions_in_force(project: Project) -> list[VersionKey]:
    """Each approved version, sorted by taxonomy."""
    return versions_in(load_taxonomies(project), Status.APPROVED)


def categories_of(project: Project, key: VersionKey) -> Sequence[Category]:
    """The categories of one version, parents before children."""
    return categories_in(load_taxonomies(project), key)


def categories_in(tables: TaxonomyFrames, key: VersionKey) -> Sequence[Category]:
    """The categories of one version, parents before children."""
    is_of = (pl.col("taxonomy") == key.taxonomy) & (pl.col("version") == key.version)
    return categories_from(tables.categories.filter(is_of))
