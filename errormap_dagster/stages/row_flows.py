"""Row flow as a stage: where the errors went from the parent of each version to the version."""

import polars as pl

from errormap_dagster.contracts.registry import empty_frame, polars_schema
from errormap_dagster.domain.row_flow import row_flow
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.project import Project
from errormap_dagster.stages.taxonomies import load_taxonomies

_TABLE = "taxonomy_row_flow"


def assignments_under(project: Project, key: VersionKey) -> pl.DataFrame:
    """The assignments of one version: prediction_id, category_id, status."""
    rows = project.store.scan("category_assignments").filter(
        pl.col("taxonomy") == key.taxonomy, pl.col("version") == key.version
    )
    return rows.select("prediction_id", "category_id", "status").collect()


def make_row_flow(project: Project) -> bool:
    """Write ``taxonomy_row_flow`` unless it stands already; whether it was written."""
    mark = project.fingerprints.taxonomy_row_flow()
    if project.store.fingerprint(_TABLE) == mark:
        return False
    schema = polars_schema(_TABLE)
    versions = load_taxonomies(project).versions.filter(pl.col("parent_version").is_not_null())
    pairs = versions.select("taxonomy", "parent_version", "version").sort("taxonomy", "version")
    flows = [
        row_flow(
            assignments_under(project, VersionKey(taxonomy, parent)),
            assignments_under(project, VersionKey(taxonomy, version)),
        )
        .with_columns(
            taxonomy=pl.lit(taxonomy),
            from_version=pl.lit(parent, pl.Int64),
            to_version=pl.lit(version, pl.Int64),
        )
        .select(schema.names())
        for taxonomy, parent, version in pairs.iter_rows()
    ]
    project.store.write(_TABLE, pl.concat([empty_frame(_TABLE), *flows]), mark)
    return True
