"""Decisions about versions: approve one, which puts it in force, or retire one.

They write rows and nothing else; the next run re-assigns the errors once.
"""

from datetime import UTC, datetime

from errormap_dagster.domain.taxonomy import TaxonomyError
from errormap_dagster.domain.taxonomy_versions import Decision, Status, VersionKey, decide
from errormap_dagster.project import Project
from errormap_dagster.stages.taxonomies import (
    INDUCED,
    load_taxonomies,
    save_taxonomies,
    versions_in_force,
)


def version_key(text: str) -> VersionKey:
    """A version from how people write it: ``induced@2``, or ``2`` of the induced taxonomy.

    Raises:
        TaxonomyError: it is neither.
    """
    taxonomy, _, number = text.rpartition("@")
    if not number.isdecimal():
        raise TaxonomyError(f"{text!r} is no version. Write, for example, {INDUCED}@2.")
    return VersionKey(taxonomy or INDUCED, int(number))


def approve(project: Project, key: VersionKey, by: str, reason: str) -> None:
    """Put a version in force; the one that was, is retired. An older version is a roll-back.

    Raises:
        TaxonomyError: there is no such version, it is in force, or who or why is empty.
    """
    _decide(project, key, Status.APPROVED, by, reason)


def retire(project: Project, key: VersionKey, by: str, reason: str) -> None:
    """Take a version out of force, or refuse a candidate.

    Raises:
        TaxonomyError: as for ``approve``, or the reports show the version.
    """
    is_shown = key.taxonomy == project.settings.taxonomy.reported
    if is_shown and key in versions_in_force(project):
        raise TaxonomyError(
            f"{key} is the version that reports show. Approve another one of {key.taxonomy}, or "
            f"set taxonomy.reported in {project.home.settings_file} first."
        )
    _decide(project, key, Status.RETIRED, by, reason)


def _decide(project: Project, key: VersionKey, status: Status, by: str, reason: str) -> None:
    decision = Decision(key, status, by, reason, datetime.now(UTC), project.run_id)
    save_taxonomies(project, decide(load_taxonomies(project), decision))
