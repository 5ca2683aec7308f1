"""Assignment as a stage: every judged error into each taxonomy version that is in force.

Rows of other versions are kept as they stand, so a version that comes back into force comes back
with its numbers.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import polars as pl

from errormap_dagster.contracts.registry import empty_frame, polars_schema
from errormap_dagster.domain.assignment import (
    Assigner,
    assign_errors,
    bases_of,
    chosen_by_a_judge,
    errors_to_classify,
    judged_with_error,
    named_by_version,
    stands,
)
from errormap_dagster.domain.identity import content_id
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.fingerprints import partition_of
from errormap_dagster.judge.interface import AsksAhead, ClassificationTask, Operation
from errormap_dagster.project import Project
from errormap_dagster.stages.streams import AnswerStream
from errormap_dagster.stages.taxonomies import categories_of, versions_in_force
from errormap_dagster.tables import CODE_VERSIONS

TABLE = "category_assignments"
_COLUMNS = ["prediction_id", "dataset", "model", "outcome", "error_title", "error_summary"]
_ORDER = ["taxonomy", "version", "prediction_id"]


class Placed(NamedTuple):
    """A version with its categories."""

    key: VersionKey
    categories: Sequence[Category]


class _Work(NamedTuple):
    """The rows of an evaluation, and the versions that a judge is asked for."""

    judged: pl.DataFrame
    stored: pl.DataFrame
    asked: list[Placed]


class ErrorAssignment:
    """Assigns evaluations one by one, in the order in which they were named.

    Like judging, one stream of errors runs through the judge.
    """

    def __init__(
        self, project: Project, evaluations: Sequence[Evaluation], *, is_anew: bool = False
    ) -> None:
        """Begin nothing yet.

        Args:
            project: the opened home.
            evaluations: in the order in which they will be asked for.
            is_anew: put every error into the versions in force, also where that stands.
        """
        self._project = project
        self._is_anew = is_anew
        self._versions = [
            Placed(key, categories_of(project, key)) for key in versions_in_force(project)
        ]
        self._assigner = assigner_of(project)
        self._read: dict[Evaluation, _Work] = {}
        judge = project.judge
        ahead = judge.classify_ahead if isinstance(judge, AsksAhead) else None
        self._stream = AnswerStream(evaluations, self._tasks, judge.classify, ahead)

    def __call__(self, evaluation: Evaluation) -> pl.DataFrame:
        """The assignments of one evaluation under every version in force and before, sorted."""
        answers = list(self._stream.of(evaluation))
        judged, stored, asked = self._read.pop(evaluation)
        made = [
            assign_errors(
                judged, answer, version.categories, assigner=self._assigner, **version.key._asdict()
            )
            for version, (_, answer) in zip(asked, answers, strict=True)
        ]
        kept = stored.lazy().join(judged_with_error(judged).lazy(), on="prediction_id", how="semi")
        for version in asked:
            kept = kept.filter(~_is_of(version.key))
        return pl.concat([kept, *(rows.lazy() for rows in made)]).sort(_ORDER).collect()

    def _to_ask(self, judged: pl.DataFrame, stored: pl.DataFrame) -> list[Placed]:
        """The versions in force whose rows are not what would be assigned now."""
        return [
            version
            for version in self._versions
            if self._is_anew
            or not stands(
                stored.filter(_is_of(version.key)),
                bases_of(judged, version.categories, self._assigner),
            )
        ]

    def _tasks(self, evaluation: Evaluation) -> Iterator[ClassificationTask]:
        judged, stored = judged_of(self._project, evaluation), _stored(self._project, evaluation)
        work = self._read[evaluation] = _Work(judged, stored, self._to_ask(judged, stored))
        for version in work.asked:
            yield task_of(judged, version.categories)


def assigner_of(project: Project) -> Assigner:
    """Who assigns now."""
    who = project.judge.identity(Operation.CLASSIFY)
    basis = content_id(
        CODE_VERSIONS[TABLE], who.judge, who.prompt_version, who.prompt_hash, who.parameters_hash
    )
    return Assigner(who.judge, who.prompt_version, basis)


def judged_of(project: Project, evaluation: Evaluation) -> pl.DataFrame:
    """What of the judged errors of an evaluation bears on their categories."""
    stored = project.store.scan("judged_errors", partition_of(evaluation))
    return stored.select(_COLUMNS).collect()


def task_of(judged: pl.DataFrame, categories: Sequence[Category]) -> ClassificationTask:
    """The errors of an evaluation that the version itself does not name, for a judge."""
    errors = errors_to_classify(judged)
    named = named_by_version(errors, categories)
    rest = [error for error in errors if error.prediction_id not in named]
    return ClassificationTask(rest, chosen_by_a_judge(categories))


def trial_assignments(
    project: Project, version: Placed, evaluations: Sequence[Evaluation]
) -> dict[Evaluation, pl.DataFrame]:
    """Every judged error of some evaluations under one version; nothing is written.

    Raises:
        JudgeStoppedError: the judge cannot go on.
    """
    judged = {evaluation: judged_of(project, evaluation) for evaluation in evaluations}
    tasks = (task_of(rows, version.categories) for rows in judged.values())
    assigner = assigner_of(project)
    return {
        evaluation: assign_errors(
            rows, answers, version.categories, assigner=assigner, **version.key._asdict()
        )
        for (evaluation, rows), answers in zip(
            judged.items(), project.judge.classify(tasks), strict=True
        )
    }


def keep_trial(project: Project, trial: dict[Evaluation, pl.DataFrame], key: VersionKey) -> None:
    """Write a trial's rows beside those that stand; what these were made from stays the same."""
    for evaluation, rows in trial.items():
        partition = partition_of(evaluation)
        mark = project.store.fingerprint(TABLE, partition)
        if mark is not None:
            others = _stored(project, evaluation).filter(~_is_of(key))
            merged = pl.concat([others, rows]).sort(_ORDER)
            project.store.write(TABLE, merged, mark, partition)


def _is_of(key: VersionKey) -> pl.Expr:
    return (pl.col("taxonomy") == key.taxonomy) & (pl.col("version") == key.version)


def _stored(project: Project, evaluation: Evaluation) -> pl.DataFrame:
    """The rows of an evaluation that stand; none of them where older code wrote other columns."""
    stored = project.store.scan(TABLE, partition_of(evaluation))
    fits = stored.collect_schema() == polars_schema(TABLE)
    return stored.collect() if fits else empty_frame(TABLE)
