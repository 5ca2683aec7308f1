"""What every table's asset declares alike: name, description, group, kinds, owners, version."""

import warnings
from collections.abc import Mapping
from typing import TypedDict

import dagster as dg

from errormap_dagster.assets.partitions import EVALUATIONS
from errormap_dagster.contracts.registry import table_schema
from errormap_dagster.metadata import static_metadata
from errormap_dagster.tables import CODE_VERSIONS

# One run for many partitions is what this project stands on; Dagster still calls it beta.
warnings.filterwarnings("ignore", message=".*`backfill_policy`", category=dg.BetaWarning)

OWNER = "team:evaluation"
GROUPS = {
    "landed_files": "landing",
    "quarantined_rows": "landing",
    "raw_predictions": "predictions",
    "informative_correct_predictions": "predictions",
    "failures": "predictions",
    "judged_errors": "errors",
    "judge_calls": "errors",
    "taxonomy_versions": "taxonomy",
    "taxonomy_categories": "taxonomy",
    "taxonomy_changes": "taxonomy",
    "taxonomy_inputs": "taxonomy",
    "taxonomy_steps": "taxonomy",
    "taxonomy_decisions": "taxonomy",
    "taxonomy_row_flow": "taxonomy",
    "taxonomy_stability": "taxonomy",
    "taxonomy_quality": "taxonomy",
    "taxonomy_category_quality": "taxonomy",
    "taxonomy_confusions": "taxonomy",
    "taxonomy_crosswalk": "taxonomy",
    "category_assignments": "errors",
    "evaluations": "results",
    "failure_ledger": "results",
    "signatures": "results",
    "model_comparisons": "results",
    "category_transitions": "results",
    "model_deviations": "results",
    "suspect_gold": "results",
    "gold_noise": "results",
    "gold_scores": "results",
    "benchmark_profiles": "results",
    "dataset_similarities": "results",
    "judge_reviews": "results",
    "judge_trust": "results",
    "corrected_shares": "results",
    "signature_history": "results",
    "counted_errors": "results",
}
"""The stage of the method that each table belongs to."""


class TableArguments(TypedDict):
    """Arguments of an asset that is one table."""

    deps: list[str]
    description: str
    metadata: Mapping[str, object]
    group_name: str
    code_version: str
    owners: list[str]
    tags: dict[str, str]
    kinds: set[str]


def table_arguments(table: str, deps: list[str]) -> TableArguments:
    """What every table's asset declares, its dependencies aside all from the contract."""
    schema = table_schema(table)
    return TableArguments(
        deps=deps,
        description=f"{schema.description} {schema.dataGranularityDescription}",
        metadata=static_metadata(table),
        group_name=GROUPS[table],
        code_version=CODE_VERSIONS[table],
        owners=[OWNER],
        tags={"layer": "python"},
        kinds={"polars", "parquet"},
    )


def table_spec(table: str, deps: list[str]) -> dg.AssetSpec:
    """The same as a spec, for one of several tables that are made together."""
    return dg.AssetSpec(table, **table_arguments(table, deps))


class EvaluationArguments(TypedDict):
    """Arguments of an asset that is partitioned by evaluation."""

    partitions_def: dg.DynamicPartitionsDefinition
    backfill_policy: dg.BackfillPolicy


BY_EVALUATION = EvaluationArguments(
    partitions_def=EVALUATIONS,
    # One run takes any number of evaluations in one process.
    backfill_policy=dg.BackfillPolicy.single_run(),
)
