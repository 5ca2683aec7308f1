"""Quality of taxonomies as a stage: coverage, agreement, confusion and stability of each version.

Versions that are retired are not measured. Growing a version again and classifying errors once
more cost a judge behind an endpoint its calls, which stand in the record like all others.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import polars as pl

from errormap_dagster.contracts.registry import empty_frame
from errormap_dagster.domain.identity import hash_fraction
from errormap_dagster.domain.records import Category, Classification, JudgedError
from errormap_dagster.domain.stability import Placing, resampled, stability_rows
from errormap_dagster.domain.taxonomy import named_paths
from errormap_dagster.domain.taxonomy_quality import (
    Measured,
    QualityFrames,
    nearest_pairs,
    quality_frames,
)
from errormap_dagster.domain.taxonomy_versions import Status, VersionKey, versions_in
from errormap_dagster.judge.embedded.analyst import NAME as EMBEDDED
from errormap_dagster.judge.interface import ClassificationTask, Operation
from errormap_dagster.project import Project
from errormap_dagster.stages.taxonomies import categories_of, load_taxonomies, titled_errors
from errormap_dagster.tables import QUALITY_TABLES, STABILITY

_REPEATS: Final = 5
_SECOND_PASS: Final = 1_000


def make_stability(project: Project) -> bool:
    """Write ``taxonomy_stability`` unless it stands already; whether it was written.

    Raises:
        JudgeStoppedError: the judge cannot go on.
    """
    mark = project.fingerprints.taxonomy_stability()
    if project.store.fingerprint(STABILITY) == mark:
        return False
    frames = [rows for key in _measured_versions(project) for rows in _repetitions(project, key)]
    rows = pl.concat([empty_frame(STABILITY), *frames])
    keys = ["taxonomy", "version", "category_id", "repetition"]
    project.store.write(STABILITY, rows.sort(keys), mark)
    return True


def make_taxonomy_quality(project: Project) -> bool:
    """Write the three tables of quality unless they stand already; whether they were written.

    Raises:
        JudgeStoppedError: the judge cannot go on.
    """
    mark = project.fingerprints.taxonomy_quality()
    if all(project.store.fingerprint(table) == mark for table in QUALITY_TABLES):
        return False
    made = [_quality(project, key) for key in _measured_versions(project)]
    for place, table in enumerate(QUALITY_TABLES):
        frames = [frames[place] for frames in made]
        project.store.write(table, pl.concat([empty_frame(table), *frames]), mark)
    return True


def _measured_versions(project: Project) -> list[VersionKey]:
    tables = load_taxonomies(project)
    return sorted(versions_in(tables, Status.APPROVED) + versions_in(tables, Status.CANDIDATE))


def _default(chosen: int | None, usual: int, project: Project) -> int:
    """A setting; where it is not set, what a judge could charge for is not done."""
    if chosen is not None:
        return chosen
    return usual if project.judge.identity(Operation.GENERATE).judge == EMBEDDED else 0


def _repetitions(project: Project, key: VersionKey) -> Iterator[pl.DataFrame]:
    """Rows of stability of a grown version; none for one that was not grown."""
    settings = project.settings.taxonomy
    inputs = inputs_of(project, key)
    grown_from = set(inputs.filter(~pl.col("is_held_out"))["prediction_id"])
    errors = [error for error in titled_errors(project) if error.prediction_id in grown_from]
    errors = resampled_at_most(errors, settings.quality.most_errors, settings.seed)
    n_repeats = _default(settings.quality.repeats, _REPEATS, project)
    if not errors or not n_repeats:
        return
    places = dict(
        _of(project, "category_assignments", key).select("prediction_id", "category_id").iter_rows()
    )
    stands = Placing(
        categories_of(project, key),
        {e.prediction_id: places[e.prediction_id] for e in errors if e.prediction_id in places},
    )
    for repetition in range(1, n_repeats + 1):
        seed = settings.seed + repetition
        sample = resampled(errors, settings.quality.sample_share, seed)
        limits = replace(project.taxonomy_limits, seed=seed)
        grown = project.judge.build_categories(sample, limits).categories
        again = _placed(project, errors, grown)
        yield stability_rows(*key, repetition, stands, again)


def inputs_of(project: Project, key: VersionKey) -> pl.DataFrame:
    """What a version was grown from; of one that a person edited, what its parent was."""
    parents = {
        VersionKey(taxonomy, version): parent
        for taxonomy, version, parent in load_taxonomies(project)
        .versions.select("taxonomy", "version", "parent_version")
        .iter_rows()
    }
    found = _of(project, "taxonomy_inputs", key)
    while found.is_empty() and (parent := parents.get(key)) is not None:
        key = VersionKey(key.taxonomy, parent)
        found = _of(project, "taxonomy_inputs", key)
    return found


def resampled_at_most(errors: list[JudgedError], most: int, seed: int) -> list[JudgedError]:
    """Errors, of too many a seeded draw, in order of prediction_id."""
    drawn = sorted(errors, key=lambda error: hash_fraction(seed, f"drawn:{error.prediction_id}"))
    return sorted(drawn[:most], key=lambda error: error.prediction_id)


def _placed(project: Project, errors: list[JudgedError], categories: Iterable[Category]) -> Placing:
    tree = list(categories)
    (answers,) = project.judge.classify([ClassificationTask(errors, tree)])
    return Placing(tree, {answer.prediction_id: answer.category_id for answer in answers})


def _quality(project: Project, key: VersionKey) -> QualityFrames:
    settings = project.settings.taxonomy
    assignments = _of(project, "category_assignments", key)
    inputs = inputs_of(project, key)
    categories = categories_of(project, key)
    most = _default(settings.quality.second_pass_errors, _SECOND_PASS, project)
    pairs = nearest_pairs(assignments, most, settings.seed)
    return quality_frames(
        Measured(
            *key,
            categories=categories,
            assignments=assignments,
            held_out=set(inputs.filter("is_held_out")["prediction_id"]),
            second_pass=_second_pass(project, pairs, list(categories)),
            stability=_of(project, STABILITY, key),
            unstable_below=settings.quality.unstable_below,
        )
    )


def _second_pass(
    project: Project, pairs: dict[tuple[str, str], list[str]], categories: list[Category]
) -> dict[str, str | None]:
    """Where errors go between their category and the runner-up alone."""
    by_id = {error.prediction_id: error for error in titled_errors(project)}
    tree = {category.category_id: category for category in categories}
    paths = named_paths(categories)
    tasks = [
        ClassificationTask(
            [by_id[i] for i in ids if i in by_id],
            # The runner-up stands first: where both fit equally well, the first one wins.
            [
                replace(tree[i], parent_category_id=None, depth=1, name=paths[i], priority=place)
                for place, i in enumerate(reversed(pair), start=1)
            ],
        )
        for pair, ids in pairs.items()
        if set(pair) <= tree.keys()
    ]
    answers: Iterator[list[Classification]] = project.judge.classify(tasks)
    return {answer.prediction_id: answer.category_id for part in answers for answer in part}


def _of(project: Project, table: str, key: VersionKey) -> pl.DataFrame:
    """The rows of a table that belong to one version, in order of their first columns."""
    rows = project.store.scan(table).filter(
        pl.col("taxonomy") == key.taxonomy, pl.col("version") == key.version
    )
    found = rows.collect()
    return found.sort([name for name in ("prediction_id", "category_id") if name in found.columns])
