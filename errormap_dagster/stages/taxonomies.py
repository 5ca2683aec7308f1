"""Taxonomies as a stage: the shipped atlas and the one that is grown from the judged errors.

Version 1 of each is made once and stays: errors that land later are put into it, so that a share
that moves is the model's doing and not the taxonomy's.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

from errormap_dagster.atlas.loader import load_atlas
from errormap_dagster.contracts.registry import empty_frame
from errormap_dagster.domain.assignment import errors_to_classify
from errormap_dagster.domain.identity import content_id
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import (
    TaxonomyFrames,
    VersionOrigin,
    categories_from,
    first_version,
)
from errormap_dagster.fingerprints import INDUCTION_TABLES, TAXONOMY_TABLES
from errormap_dagster.judge.interface import Operation
from errormap_dagster.project import Project
from errormap_dagster.stages.induction import induce, keep_induction

ATLAS = "atlas"
INDUCED = "induced"


def make_taxonomies(project: Project, run_id: str) -> list[str]:
    """Make version 1 of the taxonomies that have none; which were made.

    The induced one waits until there is an error with a title to grow it from.
    """
    tables = [_stored(project, table) for table in TAXONOMY_TABLES]
    known = set(tables[0]["taxonomy"])
    made = {
        name: frames
        for name in (ATLAS, INDUCED)
        if name not in known and (frames := _first_version(project, name, run_id))
    }
    for table in INDUCTION_TABLES:
        project.store.declare(table)
    for index, table in enumerate(TAXONOMY_TABLES):
        rows = pl.concat([tables[index], *(frames[index] for frames in made.values())])
        fingerprint = content_id(table, *_content(rows))
        if project.store.fingerprint(table) != fingerprint:
            project.store.write(table, rows, fingerprint)
    return sorted(made)


def _content(rows: pl.DataFrame) -> list[str]:
    """What a taxonomy table says, without when and by which run."""
    return [rows.drop("created_at", "run_id", strict=False).write_json()]


def _stored(project: Project, table: str) -> pl.DataFrame:
    return project.store.read(table) if project.store.exists(table) else empty_frame(table)


def _first_version(project: Project, taxonomy: str, run_id: str) -> TaxonomyFrames | None:
    now = datetime.now(UTC)
    if taxonomy == ATLAS:
        reason = "shipped with the package"
        return first_version(ATLAS, load_atlas(), VersionOrigin(None, 0, reason, now, run_id))
    errors = errors_to_classify(project.store.scan("judged_errors").collect())
    if not errors:
        return None
    induction = induce(project, errors)
    keep_induction(project, INDUCED, 1, induction)
    n_errors = len(induction.inputs.grown_from)
    reason = f"grown from {n_errors} judged errors"
    origin = VersionOrigin(
        project.judge.identity(Operation.GENERATE).judge, n_errors, reason, now, run_id
    )
    return first_version(INDUCED, induction.growth.categories, origin)


def versions_in_force(project: Project) -> list[tuple[str, int]]:
    """Taxonomy and number of each approved version, sorted."""
    versions = _stored(project, "taxonomy_versions").filter(pl.col("status") == "approved")
    return list(versions.select("taxonomy", "version").sort("taxonomy", "version").iter_rows())


def categories_of(project: Project, taxonomy: str, version: int) -> Sequence[Category]:
    """The categories of one version, parents before children."""
    rows = _stored(project, "taxonomy_categories")
    chosen = rows.filter(pl.col("taxonomy") == taxonomy, pl.col("version") == version)
    return categories_from(chosen)
