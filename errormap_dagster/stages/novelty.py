"""Novelty as a stage: the errors that came after each version in force, against its baseline."""

import polars as pl

from errormap_dagster.domain.novelty import NoveltyReport, novelty
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.project import Project
from errormap_dagster.stages.taxonomies import titled_errors, versions_in_force
from errormap_dagster.stages.taxonomy_quality import inputs_of


def novelty_reports(project: Project) -> dict[VersionKey, NoveltyReport]:
    """A report for each version in force that was grown and has something held out."""
    errors = {error.prediction_id: error for error in titled_errors(project)}
    found: dict[VersionKey, NoveltyReport] = {}
    for key in versions_in_force(project):
        is_of = (pl.col("taxonomy") == key.taxonomy) & (pl.col("version") == key.version)
        inputs = inputs_of(project, key)
        held_out = set(inputs.filter("is_held_out")["prediction_id"])
        if held_out:
            assignments = project.store.scan("category_assignments").filter(is_of).collect()
            known = set(inputs["prediction_id"])
            tolerance = project.settings.taxonomy.novelty_tolerance
            found[key] = novelty(assignments, held_out, known, errors, tolerance)
    return found
