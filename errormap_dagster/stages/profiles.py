"""Profiles of datasets as a stage, under the reported taxonomy."""

import polars as pl

from errormap_dagster.contracts.registry import empty_frame, polars_schema
from errormap_dagster.domain.profile import benchmark_profiles, dataset_similarities
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.signature import place_errors
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.errors import SettingsError
from errormap_dagster.project import Project
from errormap_dagster.stages.results import (
    evaluation_counts,
    reported_version,
    weighted_assignments,
)
from errormap_dagster.stages.taxonomies import categories_of
from errormap_dagster.tables import PROFILE_TABLES


def make_profiles(project: Project) -> bool:
    """Write the tables of profiles unless they stand already; whether they were written.

    Raises:
        SettingsError: a dataset's skill names a category that there is not.
    """
    mark = project.fingerprints.profiles()
    if all(project.store.fingerprint(table) == mark for table in PROFILE_TABLES):
        return False
    taxonomy, version = reported_version(project)
    categories = categories_of(project, VersionKey(taxonomy, version))
    skills = _skills(project, [c for c in categories if c.depth == 1])
    assigned = weighted_assignments(project).filter(
        pl.col("taxonomy") == taxonomy, pl.col("version") == version
    )
    errors = place_errors(assigned, categories, 1)
    profiles = benchmark_profiles(errors, evaluation_counts(project), skills)
    for table, rows in zip(PROFILE_TABLES, (profiles, dataset_similarities(profiles)), strict=True):
        stamp = {"taxonomy": pl.lit(taxonomy), "version": pl.lit(version, pl.Int64)}
        stamped = rows.with_columns(**stamp).select(polars_schema(table).names())
        project.store.write(table, pl.concat([empty_frame(table), stamped]), mark)
    return True


def _skills(project: Project, categories: list[Category]) -> dict[str, set[str]]:
    """By dataset the ids of the categories that its settings name."""
    ids = {category.name.casefold(): category.category_id for category in categories}
    skills: dict[str, set[str]] = {}
    for dataset, settings in project.settings.datasets.items():
        for name in settings.skill:
            if name.casefold() not in ids:
                known = ", ".join(category.name for category in categories)
                raise SettingsError(
                    f"{project.home.settings_file}: datasets.{dataset}.skill names {name!r}; the "
                    f"categories of depth 1 of the reported taxonomy are: {known}."
                )
            skills.setdefault(dataset, set()).add(ids[name.casefold()])
    return skills
