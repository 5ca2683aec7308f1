"""Assignment as a stage: every judged error into each taxonomy version that is in force."""

from collections.abc import Iterator, Sequence

import polars as pl

from errormap_dagster.domain.assignment import assign_errors, errors_to_classify
from errormap_dagster.domain.records import Category
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.fingerprints import partition_of
from errormap_dagster.judge.interface import AsksAhead, ClassificationTask
from errormap_dagster.project import Project
from errormap_dagster.stages.streams import AnswerStream
from errormap_dagster.stages.taxonomies import categories_of, versions_in_force

_COLUMNS = ["prediction_id", "dataset", "model", "outcome", "error_title", "error_summary"]


class ErrorAssignment:
    """Assigns evaluations one by one, in the order in which they were named.

    Like judging, one stream of errors runs through the judge.
    """

    def __init__(self, project: Project, evaluations: Sequence[Evaluation]) -> None:
        self._project = project
        self._versions: list[tuple[str, int, Sequence[Category]]] = [
            (taxonomy, version, categories_of(project, taxonomy, version))
            for taxonomy, version in versions_in_force(project)
        ]
        judge = project.judge
        ahead = judge.classify_ahead if isinstance(judge, AsksAhead) else None
        self._stream = AnswerStream(evaluations, self._tasks, judge.classify, ahead)

    def __call__(self, evaluation: Evaluation) -> pl.DataFrame:
        """The assignments of one evaluation under every version in force, sorted."""
        judged = self._judged(evaluation)
        answers = self._stream.of(evaluation)
        frames = [
            assign_errors(judged, answer, categories, taxonomy=taxonomy, version=version)
            for (taxonomy, version, categories), (_, answer) in zip(
                self._versions, answers, strict=True
            )
        ]
        return pl.concat(frames).sort("taxonomy", "version", "prediction_id")

    def _judged(self, evaluation: Evaluation) -> pl.DataFrame:
        stored = self._project.store.scan("judged_errors", partition_of(evaluation))
        return stored.select(_COLUMNS).collect()

    def _tasks(self, evaluation: Evaluation) -> Iterator[ClassificationTask]:
        errors = errors_to_classify(self._judged(evaluation))
        for _, _, categories in self._versions:
            yield ClassificationTask(errors, categories)
