"""What the Dagster UI shows of the taxonomies: the change log, the tree, the data version.

Names and descriptions come from judges and people: what could be read as Markdown is broken.
"""

import dagster as dg

from errormap_dagster.metadata import Metadata, table_value
from errormap_dagster.project import Project
from errormap_dagster.stages.taxonomies import categories_of, versions_in_force
from errormap_dagster.stages.taxonomy_reports import change_table, log_table, tree_text

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
