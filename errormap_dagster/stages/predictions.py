"""From landed rows to failures: predictions, the picks of correct ones, what failed and is read."""

from collections.abc import Iterator

import polars as pl

from errormap_dagster import progress
from errormap_dagster.contracts.registry import empty_frame
from errormap_dagster.domain.correct_predictions import pick_correct_predictions
from errormap_dagster.domain.failures import FailureRule, failure_rule, find_failures
from errormap_dagster.domain.sampling import SamplingPlan, sample_failures
from errormap_dagster.errors import SettingsError
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.fingerprints import partition_of
from errormap_dagster.frames import collected
from errormap_dagster.project import Project
from errormap_dagster.store import Partition

_TABLE = "informative_correct_predictions"
_SCORED = [
    "prediction_id",
    "dataset",
    "model",
    "example_id",
    "trial",
    "score",
    "metric",
    "higher_is_better",
]
_EXAMPLES = pl.Schema({"example_id": pl.String})
_PART_BYTES = 64 * 2**20
"""Of a dataset's texts that are held in memory at a time."""
_PICKED = ["prediction_id", "dataset", "model", "example_id", "output_text", "correct_answer"]


def raw_predictions(project: Project, evaluation: Evaluation) -> Iterator[pl.DataFrame]:
    """The landed predictions of one evaluation, in parts that fit in memory."""
    return project.landing.assemble(evaluation)


def _rule(project: Project, predictions: pl.DataFrame, evaluation: Evaluation) -> FailureRule:
    chosen = project.settings.of_dataset(evaluation.dataset)
    others = sorted({*predictions["metric"]} - {chosen.metric})
    if chosen.metric and others:
        raise SettingsError(
            f"{project.home.settings_file}: datasets.{evaluation.dataset}.metric is "
            f"{chosen.metric!r}, but {evaluation.model} was scored by {others}. "
            "Correct the setting, or land a file with the scores of that metric."
        )
    return failure_rule(
        evaluation.dataset,
        predictions,
        threshold=chosen.threshold,
        higher_is_better=chosen.higher_is_better,
    )


def failures(project: Project, evaluation: Evaluation) -> pl.DataFrame:
    """The failed predictions of one evaluation, each sampled for the judge or not.

    Raises:
        SettingsError: the dataset needs a setting that is missing, or contradicts one.
    """
    stored = project.store.scan("raw_predictions", partition_of(evaluation))
    predictions = stored.select(_SCORED).collect()
    failed = find_failures(predictions, _rule(project, predictions, evaluation))
    plan = SamplingPlan(**project.settings.sampling.model_dump())
    return sample_failures(failed, plan)


def pick_for_datasets(project: Project) -> list[str]:
    """Pick correct outputs for every dataset whose predictions changed; which those are.

    An evaluation whose predictions cannot be told right from wrong has none to offer.
    """
    project.store.declare(_TABLE)
    datasets = sorted({evaluation.dataset for evaluation in project.landing.evaluations()})
    fingerprint = project.fingerprints.informative_correct_predictions
    stale = [d for d in datasets if project.store.fingerprint(_TABLE, _of(d)) != fingerprint(d)]
    for dataset in progress.track(stale, _TABLE):
        project.store.write(_TABLE, _picks(project, dataset), fingerprint(dataset), _of(dataset))
    return stale


def _of(dataset: str) -> Partition:
    return {"dataset": dataset}


def _picks(project: Project, dataset: str) -> Iterator[pl.DataFrame]:
    """The picks of a dataset by example, in parts whose texts fit in memory.

    Each example is picked for by itself, so the parts change nothing.
    """
    models = [e for e in project.landing.evaluations() if e.dataset == dataset]
    correct = {e: ids for e in models if (ids := _correct_ids(project, e)) is not None}
    examples = _examples_of(correct)
    n_bytes = sum(project.store.n_bytes("raw_predictions", partition_of(e)) for e in models)
    size = -(-max(examples.height, 1) // (1 + n_bytes // _PART_BYTES))
    kept = project.store.scan(_TABLE, _of(dataset))
    chosen = project.settings.correct_predictions
    for start in range(0, max(examples.height, 1), size):
        part = examples.slice(start, size)
        yield pick_correct_predictions(
            _correct(project, correct, part),
            kept.join(part.lazy(), on="example_id", how="semi").collect(),
            k=chosen.per_example,
            seed=chosen.seed,
        )


def _examples_of(correct: dict[Evaluation, pl.DataFrame]) -> pl.DataFrame:
    """The examples of these predictions, each once, sorted."""
    found = [ids.select("example_id") for ids in correct.values()]
    return pl.concat([pl.DataFrame(schema=_EXAMPLES), *found]).unique().sort("example_id")


def _correct_ids(project: Project, evaluation: Evaluation) -> pl.DataFrame | None:
    """Which predictions of an evaluation did not fail; None when nobody can tell."""
    stored = project.store.scan("raw_predictions", partition_of(evaluation))
    scored = stored.select(_SCORED).collect()
    try:
        rule = _rule(project, scored, evaluation)
    except SettingsError:
        return None
    failed = find_failures(scored, rule).select("prediction_id")
    ids = scored.select("prediction_id", "example_id")
    return ids.join(failed, on="prediction_id", how="anti")


def _correct(
    project: Project, correct: dict[Evaluation, pl.DataFrame], examples: pl.DataFrame
) -> pl.DataFrame:
    """The correct predictions of some examples, with their texts."""
    read = [
        collected(
            project.store.scan("raw_predictions", partition_of(evaluation))
            .select(_PICKED)
            .join(
                ids.join(examples, on="example_id", how="semi").lazy().select("prediction_id"),
                on="prediction_id",
                how="semi",
            )
        )
        for evaluation, ids in correct.items()
    ]
    return pl.concat([empty_frame("raw_predictions").select(_PICKED), *read])
