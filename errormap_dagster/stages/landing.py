"""Landing as a stage: files in, two tables of what became of them, evaluations that are gone."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from errormap_dagster.domain.identity import content_id
from errormap_dagster.fingerprints import CODE_VERSIONS
from errormap_dagster.project import Project

_TABLES_BY_EVALUATION = ("raw_predictions", "failures", "judged_errors", "category_assignments")


def land(
    project: Project, paths: Sequence[str | Path] = (), source_format: str | None = None
) -> None:
    """Land the named files and whatever is new in the home's landing folder.

    Args:
        project: to land in.
        paths: of files and folders.
        source_format: the format or declared mapping of those; told by content if None.

    Raises:
        IngestError: a named path does not exist, a folder holds no file to land, or no format has
            the name given.
    """
    if paths:
        project.landing.add([Path(path) for path in paths], source_format)
    project.landing.scan()
    account = project.landing.account()
    _write_if_changed(project, "landed_files", account.landed_files)
    _write_if_changed(project, "quarantined_rows", account.quarantined_rows)
    _forget_gone_evaluations(project)


def _write_if_changed(project: Project, table: str, frame: pl.DataFrame) -> None:
    fingerprint = content_id(CODE_VERSIONS[table], frame.write_json())
    if project.store.fingerprint(table) != fingerprint:
        project.store.write(table, frame, fingerprint)


def _forget_gone_evaluations(project: Project) -> None:
    """A corrected file may hold an evaluation no longer: its tables go with it."""
    live = {(e.dataset, e.model) for e in project.landing.evaluations()}
    for table in _TABLES_BY_EVALUATION:
        for partition in project.store.partitions(table, ["dataset", "model"]):
            if (partition["dataset"], partition["model"]) not in live:
                project.store.remove(table, partition)
