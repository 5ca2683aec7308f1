"""The partitions of evaluations, and what the partitioned assets share."""

import time
from collections.abc import Collection, Sequence

import dagster as dg

from errormap_dagster.evaluations import Evaluation
from errormap_dagster.fingerprints import partition_of
from errormap_dagster.metadata import Metadata, materialized
from errormap_dagster.project import Project
from errormap_dagster.stages.chain import Make, make_evaluations

MAX_RETRIES = 2
SECONDS_TO_RETRY = 10
"""A full disk or a share that is away for a moment; errors of ours are not tried again."""

_MOST_NOTES = 100
"""Dagster reads all partitions for each note on one: with more, notes would outlast the work."""

_RANGE_START = "dagster/asset_partition_range_start"
_RANGE_END = "dagster/asset_partition_range_end"
_PARTITIONS = "evaluation"
EVALUATIONS = dg.DynamicPartitionsDefinition(name=_PARTITIONS)


def register_evaluations(context: dg.AssetExecutionContext, evaluations: list[Evaluation]) -> None:
    """Make the partitions of the instance the evaluations that have landed."""
    landed = [evaluation.key for evaluation in evaluations]
    known = set(context.instance.get_dynamic_partitions(_PARTITIONS))
    added = [key for key in landed if key not in known]
    gone = sorted(known.difference(landed))
    context.instance.add_dynamic_partitions(_PARTITIONS, added)
    for key in gone:
        context.instance.delete_dynamic_partition(_PARTITIONS, key)
    context.log.info(f"evaluations: {len(added)} new, {len(gone)} gone")


def registered_evaluations(instance: dg.DagsterInstance) -> list[str]:
    """The keys of the evaluations that have landed, in the order of their landing."""
    return list(instance.get_dynamic_partitions(_PARTITIONS))


def partition_range(keys: Sequence[str], wanted: Collection[str]) -> dict[str, str]:
    """Tags of one run over the wanted partitions; what lies between them is passed over.

    Args:
        keys: all partitions in their order, at least one.
        wanted: some of them; the newest one when there is none, for the tables of all evaluations.
    """
    chosen = [key for key in keys if key in wanted] or [keys[-1]]
    return {_RANGE_START: chosen[0], _RANGE_END: chosen[-1]}


def evaluations_of(context: dg.AssetExecutionContext) -> list[Evaluation]:
    """The evaluations that a run was started for."""
    return [Evaluation.from_key(key) for key in context.partition_keys]


def materialize_evaluations(
    context: dg.AssetExecutionContext, project: Project, table: str, make: Make
) -> Metadata:
    """Write the stale evaluations of a run, leave the others untouched, and tell what was done.

    An evaluation that cannot be made stops no other: the check ``every_evaluation_is_made`` fails
    at the end of the run and names it.

    Returns:
        What was done. The metadata of the whole table stand on the last partition, and the row
        count of each evaluation on its own, unless there are very many.

    Raises:
        RetryRequested: what went wrong may be gone in a moment; the others are not made again.
        JudgeStoppedError: the judge cannot go on.
    """
    started = time.monotonic()
    evaluations = evaluations_of(context)
    done = make_evaluations(project, table, evaluations, make)
    if done.is_worth_a_retry and context.retry_number < MAX_RETRIES:
        raise dg.RetryRequested(MAX_RETRIES, SECONDS_TO_RETRY)
    for evaluation in done.made if len(done.made) <= _MOST_NOTES else []:
        n_rows = project.store.n_rows(table, partition_of(evaluation))
        note = {"dagster/partition_row_count": n_rows}
        context.add_asset_metadata(note, partition_key=evaluation.key)
    for obstacle in done.obstacles:
        note = {"could_not_be_made": obstacle.reason}
        context.add_asset_metadata(note, partition_key=obstacle.evaluation.key)
        context.log.error(f"could not be made: {obstacle}")
    context.log.info(
        f"{table}: {len(done.made)} evaluations made, {done.n_unchanged} unchanged, "
        f"{len(done.waiting)} waiting, {len(done.obstacles)} could not be made"
    )
    whole = materialized(table, project.store.scan(table), time.monotonic() - started)
    # Told once, on the event that the UI shows as the latest: Dagster would repeat it for each.
    context.add_asset_metadata(whole, partition_key=context.partition_keys[-1])
    return {
        "n_evaluations_made": len(done.made),
        "n_evaluations_unchanged": done.n_unchanged,
        "n_evaluations_waiting": len(done.waiting),
        "n_evaluations_not_made": len(done.obstacles),
    }
