"""Landing as a stage: files in, two tables of what became of them, evaluations that are gone."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from errormap_dagster.fingerprints import BY_EVALUATION, CODE_VERSIONS
from errormap_dagster.parts import fingerprint, part
from errormap_dagster.project import Project


def land(project: Project, paths: Sequence[str | Path] = ()) -> None:
    """Land the named files and whatever is new in the home's landing folder.

    Raises:
        IngestError: a named path does not exist or a folder holds no file to land.
    """
    if paths:
        project.landing.add([Path(path) for path in paths])
    project.landing.scan()
    account = project.landing.account()
    _write_if_changed(project, "landed_files", account.landed_files)
    _write_if_changed(project, "quarantined_rows", account.quarantined_rows)
    _forget_gone_evaluations(project)


def _write_if_changed(project: Project, table: str, frame: pl.DataFrame) -> None:
    mark = fingerprint(code=CODE_VERSIONS[table], landed_rows=part(frame.write_json()))
    if project.store.fingerprint(table) != mark:
        project.store.write(table, frame, mark)


def _forget_gone_evaluations(project: Project) -> None:
    """A corrected file may hold an evaluation no longer: its tables go with it."""
    landed = project.landing.evaluations()
    project.obstacles.keep(landed)
    live = {(e.dataset, e.model) for e in landed}
    for table in BY_EVALUATION:
        for partition in project.store.partitions(table, ["dataset", "model"]):
            if (partition["dataset"], partition["model"]) not in live:
                project.store.remove(table, partition)
