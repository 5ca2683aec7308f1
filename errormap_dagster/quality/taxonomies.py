"""Checks of the gate between a candidate and the numbers."""

import dagster as dg
import polars as pl

from errormap_dagster.domain.taxonomy_versions import Status, versions_in
from errormap_dagster.metadata import table_value
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.settings import Settings
from errormap_dagster.stages.candidates import replay_edits
from errormap_dagster.stages.taxonomies import load_taxonomies
from errormap_dagster.stages.taxonomy_reports import change_table


def taxonomy_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """The checks of the taxonomies under the settings."""
    return [
        _candidate_waits(is_blocking=settings.taxonomy.block_on_candidates),
        rests_on_approved,
        edits_apply,
    ]


def _candidate_waits(*, is_blocking: bool) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset="taxonomy_versions",
        name="no_candidate_waits",
        blocking=is_blocking,
        # A refresh may make a candidate itself. A check that blocks stands above that: it speaks
        # of such a candidate when the next refresh begins.
        additional_deps=[] if is_blocking else ["taxonomy_row_flow"],
        description="No candidate waits for a decision. The refresh goes on with the approved "
        "versions meanwhile, unless taxonomy.block_on_candidates is set.",
    )
    def no_candidate_waits(project: ProjectResource) -> dg.AssetCheckResult:
        opened = project.open()
        waiting = [str(key) for key in versions_in(load_taxonomies(opened), Status.CANDIDATE)]
        changes = change_table(opened).filter(pl.col("version").is_in(waiting))
        severity = dg.AssetCheckSeverity.ERROR if is_blocking else dg.AssetCheckSeverity.WARN
        return dg.AssetCheckResult(
            passed=not waiting,
            severity=severity,
            description=f"waiting for a decision: {', '.join(waiting)}. `errormap taxonomy show "
            f"{waiting[0]}`, then approve or retire it (or the job decide_taxonomy)."
            if waiting
            else None,
            metadata={"changes": table_value(changes)},
        )

    return no_candidate_waits


@dg.asset_check(
    asset="signatures",
    name="rests_on_approved_versions",
    blocking=True,
    description="Every signature, and the failure ledger, rests on a version that is approved.",
)
def rests_on_approved(project: ProjectResource) -> dg.AssetCheckResult:
    """Name the versions that are counted and not in force."""
    opened = project.open()
    approved = set(versions_in(load_taxonomies(opened), Status.APPROVED))
    counted = {
        row
        for table in ("signatures", "failure_ledger")
        for row in opened.store.scan(table)
        .select("taxonomy", "version")
        .drop_nulls()
        .unique()
        .collect()
        .iter_rows()
    }
    wrong = sorted(f"{taxonomy}@{version}" for taxonomy, version in counted - approved)
    return dg.AssetCheckResult(
        passed=not wrong,
        description=f"counted and not approved: {', '.join(wrong)}" if wrong else None,
        metadata={"n_versions_in_force": len(approved)},
    )


@dg.asset_check(
    asset="taxonomy_versions",
    name="edits_apply",
    description="Each edit of taxonomy/edits.yaml applies to the induced taxonomy or stands in it.",
)
def edits_apply(project: ProjectResource) -> dg.AssetCheckResult:
    """Name the edits that no longer apply, each with the remedy."""
    failed = replay_edits(project.open()).failed
    told = [f"edit {r.edit.number} ({r.edit.kind}): {r.detail}" for r in failed]
    return dg.AssetCheckResult(
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(told) or None,
        metadata={"n_edits_that_do_not_apply": len(failed)},
    )
