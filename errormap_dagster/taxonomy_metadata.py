"""What the Dagster UI shows of the taxonomies: the change log, the tree, the data version.

Names and descriptions come from judges and people: what could be read as Markdown is broken.
"""

import dagster as dg

from errormap_dagster.metadata import Metadata, materialized, table_value
from errormap_dagster.project import Project
from errormap_dagster.stages.taxonomies import categories_of, versions_in_force
from errormap_dagster.stages.taxonomy_reports import change_table, log_table, tree_text
from errormap_dagster.tables import INDUCTION_TABLES, TAXONOMY_TABLES

_IN_FORCE_ALONE = {"taxonomy_versions", "taxonomy_categories"}
"""Tables that the assignments rest on: for them a candidate changes nothing."""
_CHANGES_SHOWN = 100


def data_version(project: Project, table: str) -> dg.DataVersion:
    """The data version of a taxonomy table: what is in force, or all that was ever decided."""
    marks = project.fingerprints
    of = marks.taxonomies() if table in _IN_FORCE_ALONE else marks.all_taxonomies()
    return dg.DataVersion(of or "none")


def change_log(project: Project) -> Metadata:
    """The versions, the latest changes, and a picture of each tree in force."""
    pictures: Metadata = {
        f"tree of {key}": dg.MetadataValue.md(f"```\n{tree_text(categories_of(project, key))}\n```")
        for key in versions_in_force(project)
    }
    return {
        "versions": table_value(log_table(project)),
        "changes": table_value(change_table(project).tail(_CHANGES_SHOWN)),
        **pictures,
    }


def tell_changes(
    context: dg.OpExecutionContext | dg.AssetExecutionContext, project: Project
) -> None:
    """Say to Dagster that the taxonomies' tables have changed outside of their own asset."""
    log = change_log(project)
    for table in (*TAXONOMY_TABLES, *INDUCTION_TABLES):
        told: Metadata = {**materialized(table, project.store.scan(table), 0.0), **log}
        version = data_version(project, table)
        context.log_event(
            dg.AssetMaterialization(
                table, metadata=told, tags={"dagster/data_version": version.value}
            )
        )
