"""The crosswalk as a stage: each version that was not shipped, against the atlas in force."""

import polars as pl

from errormap_dagster.contracts.registry import empty_frame
from errormap_dagster.domain.crosswalk import Side, as_errors, crosswalk_rows
from errormap_dagster.domain.taxonomy_versions import Status, VersionKey, versions_in
from errormap_dagster.judge.interface import ClassificationTask
from errormap_dagster.project import Project
from errormap_dagster.stages.row_flows import assignments_under
from errormap_dagster.stages.taxonomies import ATLAS, categories_of, load_taxonomies
from errormap_dagster.tables import CROSSWALK


def make_crosswalk(project: Project) -> bool:
    """Write ``taxonomy_crosswalk`` unless it stands already; whether it was written.

    Raises:
        JudgeStoppedError: the judge cannot go on.
    """
    mark = project.fingerprints.taxonomy_crosswalk()
    if project.store.fingerprint(CROSSWALK) == mark:
        return False
    project.store.write(CROSSWALK, crosswalk_of(project), mark)
    return True


def crosswalk_of(project: Project) -> pl.DataFrame:
    """The rows of ``taxonomy_crosswalk`` as they would be made now.

    Raises:
        JudgeStoppedError: the judge cannot go on.
    """
    tables = load_taxonomies(project)
    approved = dict(versions_in(tables, Status.APPROVED))
    frames: list[pl.DataFrame] = []
    if ATLAS in approved:
        atlas = _side(project, VersionKey(ATLAS, approved[ATLAS]))
        keys = versions_in(tables, Status.APPROVED) + versions_in(tables, Status.CANDIDATE)
        frames = [_rows(project, key, atlas) for key in sorted(keys) if key.taxonomy != ATLAS]
    return pl.concat([empty_frame(CROSSWALK), *frames])


def _side(project: Project, key: VersionKey) -> Side:
    return Side(key.version, categories_of(project, key), assignments_under(project, key))


def _rows(project: Project, key: VersionKey, atlas: Side) -> pl.DataFrame:
    own = _side(project, key)
    task = ClassificationTask(as_errors(own.categories), atlas.categories)
    (by_words,) = project.judge.classify([task])
    return crosswalk_rows(key.taxonomy, own, atlas, by_words)
