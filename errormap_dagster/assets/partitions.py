"""The partitions of evaluations, and what the partitioned assets share."""

import time
from collections.abc import Callable

import dagster as dg

from errormap_dagster.evaluations import Evaluation
from errormap_dagster.fingerprints import partition_of
from errormap_dagster.metadata import Metadata, materialized
from errormap_dagster.stages.chain import (
    Fingerprint,
    Frames,
    stale_evaluations,
    write_evaluations,
)
from errormap_dagster.store import Store

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


def evaluations_of(context: dg.AssetExecutionContext) -> list[Evaluation]:
    """The evaluations that a run was started for."""
    return [Evaluation.from_key(key) for key in context.partition_keys]


def materialize_evaluations(
    context: dg.AssetExecutionContext,
    store: Store,
    table: str,
    fingerprint: Fingerprint,
    make: Callable[[Evaluation], Frames],
) -> Metadata:
    """Write the stale evaluations of a run, leave the others untouched, and tell what was done.

    Returns:
        Metadata of the whole table; the row count of each evaluation stands on its partition.
    """
    started = time.monotonic()
    evaluations = evaluations_of(context)
    stale = stale_evaluations(store, table, evaluations, fingerprint)
    write_evaluations(store, table, stale, fingerprint, make)
    for evaluation in evaluations:
        n_rows = store.n_rows(table, partition_of(evaluation))
        context.add_asset_metadata(
            {"dagster/partition_row_count": n_rows}, partition_key=evaluation.key
        )
    n_unchanged = len(evaluations) - len(stale)
    context.log.info(f"{table}: {len(stale)} evaluations made, {n_unchanged} unchanged")
    return {
        **materialized(table, store.scan(table), time.monotonic() - started),
        "n_evaluations_made": len(stale),
        "n_evaluations_unchanged": n_unchanged,
    }
