"""Candidates that nobody asked for: of a file that says something else, and of new kinds of errors.

Like every candidate they wait for a decision and move no number. Each is made once: what any
version of the taxonomy says already, or was grown from already, is not made again.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import polars as pl

from errormap_dagster.atlas.loader import load_atlas
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import content_hash
from errormap_dagster.domain.taxonomy_versions import (
    Status,
    TaxonomyFrames,
    VersionKey,
    VersionOrigin,
    errors_hash,
    newest_version,
    versions_in,
)
from errormap_dagster.errors import SettingsError
from errormap_dagster.judge.embedded.analyst import NAME as EMBEDDED
from errormap_dagster.judge.interface import Operation
from errormap_dagster.project import Project
from errormap_dagster.stages.candidates import Proposal, grow_candidate, make_candidate
from errormap_dagster.stages.induction import inputs_of_growth
from errormap_dagster.stages.novelty import novelty_reports
from errormap_dagster.stages.taxonomies import (
    ATLAS,
    INDUCED,
    PACKAGE,
    categories_in,
    load_taxonomies,
    titled_errors,
)
from errormap_dagster.taxonomy_files.reading import ENDINGS, TaxonomySource, read_taxonomy_file


class ChangedFile(NamedTuple):
    """A taxonomy whose file says what none of its versions says.

    Attributes:
        taxonomy: its name.
        categories: what the file says, parents before children.
        actor: the package that ships it, or the file in the home.
        reason: why there is something to decide.
    """

    taxonomy: str
    categories: Sequence[Category]
    actor: str
    reason: str


def propose_candidates(project: Project, run_id: str) -> list[VersionKey]:
    """Make the candidates that are due; which were made.

    Raises:
        SettingsError: a file of the home's folder ``taxonomy`` is no taxonomy.
        JudgeStoppedError: the judge cannot go on.
    """
    return [*propose_files(project, run_id), *_propose_growth(project, run_id)]


def changed_files(project: Project) -> list[ChangedFile]:
    """The shipped atlas and the home's own taxonomies where their files say something new.

    Raises:
        SettingsError: a file of the home's folder ``taxonomy`` is no taxonomy.
    """
    tables = load_taxonomies(project)
    shipped = ChangedFile(ATLAS, load_atlas(), PACKAGE, "the atlas of the package has changed")
    # The first version of the atlas is none to decide about.
    atlas = [shipped] if newest_version(tables, ATLAS) else []
    return [told for told in (*atlas, *_own_files(project)) if not _is_known(tables, told)]


def _is_known(tables: TaxonomyFrames, told: ChangedFile) -> bool:
    """Whether a version says this already; one that was refused does not come back by itself."""
    numbers = tables.versions.filter(pl.col("taxonomy") == told.taxonomy)["version"]
    known = (categories_in(tables, VersionKey(told.taxonomy, number)) for number in numbers)
    return content_hash(told.categories) in map(content_hash, known)


def _own_files(project: Project) -> list[ChangedFile]:
    folder, edits = project.home.taxonomy_folder, project.home.edits_file
    found: dict[str, ChangedFile] = {}
    for path in sorted(folder.glob("*")):
        if path == edits or path.suffix.lower() not in ENDINGS:
            continue
        name, categories = read_taxonomy_file(TaxonomySource(path))
        if name in {ATLAS, INDUCED}:
            raise SettingsError(
                f"{path}: {name} is made by the package. Give the file's taxonomy another name, or "
                f"take the file out of {folder} and use `errormap taxonomy import`."
            )
        place = f"{folder.name}/{path.name}"
        if name in found:
            raise SettingsError(f"{path}: {found[name].actor} is of {name} too. Keep one of them.")
        found[name] = ChangedFile(name, categories, place, f"{place} says something new")
    return list(found.values())


def propose_files(project: Project, run_id: str) -> list[VersionKey]:
    """Make a candidate of each file that says something new; which were made.

    Raises:
        SettingsError: a file of the home's folder ``taxonomy`` is no taxonomy.
        JudgeStoppedError: the judge cannot go on.
    """
    made: list[VersionKey] = []
    for told in changed_files(project):
        now = datetime.now(UTC)
        origin = VersionOrigin(told.actor, None, None, (), told.reason, now, run_id)
        key = make_candidate(project, Proposal(told.taxonomy, told.categories, (), origin)).key
        made += [key] if key else []
    return made


def _propose_growth(project: Project, run_id: str) -> list[VersionKey]:
    """Grow a candidate where new errors no longer fit the induced version in force.

    Asked once for each state of the assignments: the table of row flows, which is written next,
    rests on the same.
    """
    marks = project.fingerprints
    is_looked_at = project.store.fingerprint("taxonomy_row_flow") == marks.taxonomy_row_flow()
    if is_looked_at or not _grows_on_novelty(project):
        return []
    tables = load_taxonomies(project)
    if any(key.taxonomy == INDUCED for key in versions_in(tables, Status.CANDIDATE)):
        return []  # One decision at a time: a candidate that a person looks at is not replaced.
    signals = [
        report.reason
        for key, report in novelty_reports(project).items()
        if key.taxonomy == INDUCED and report.is_novel
    ]
    if not signals or _is_grown_already(project, tables):
        return []
    key = grow_candidate(project, run_id, why=signals[0]).key
    return [key] if key else []


def _grows_on_novelty(project: Project) -> bool:
    """The setting; where it is not set, what a judge could charge for is not done."""
    chosen = project.settings.taxonomy.grow_on_novelty
    is_free = project.judge.identity(Operation.GENERATE).judge == EMBEDDED
    return is_free if chosen is None else chosen


def _is_grown_already(project: Project, tables: TaxonomyFrames) -> bool:
    """Whether a version was grown from the very errors that one would be grown from now."""
    errors = inputs_of_growth(project, titled_errors(project)).grown_from
    known = tables.versions.filter(pl.col("taxonomy") == INDUCED)["errors_hash"]
    return errors_hash(error.prediction_id for error in errors) in set(known)
