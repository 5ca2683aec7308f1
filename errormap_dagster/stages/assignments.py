"""Assignment as a stage: every judged error into each taxonomy version that is in force."""

import polars as pl

from errormap_dagster.domain.assignment import assign_errors, errors_to_classify
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.fingerprints import partition_of
from errormap_dagster.project import Project
from errormap_dagster.stages.taxonomies import categories_of, versions_in_force


def category_assignments(project: Project, evaluation: Evaluation) -> pl.DataFrame:
    """The assignments of one evaluation under every version in force, sorted."""
    stored = project.store.scan("judged_errors", partition_of(evaluation))
    columns = ["prediction_id", "dataset", "model", "outcome", "error_title", "error_summary"]
    judged = stored.select(columns).collect()
    errors = errors_to_classify(judged)
    frames: list[pl.DataFrame] = []
    for taxonomy, version in versions_in_force(project):
        categories = categories_of(project, taxonomy, version)
        answers = project.judge.classify(errors, categories)
        frames.append(
            assign_errors(judged, answers, categories, taxonomy=taxonomy, version=version)
        )
    return pl.concat(frames).sort("taxonomy", "version", "prediction_id")
