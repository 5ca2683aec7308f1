"""Checks that no row is lost on the way, from the files to the signatures."""

import dagster as dg
import polars as pl

from errormap_dagster.metadata import table_value
from errormap_dagster.quality.results import as_frame
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.results import ledger_discrepancies

_SHARES_MAY_MISS_ONE_BY = 1e-9
_SHOWN = 20


@dg.asset_check(
    asset="quarantined_rows",
    name="quarantined_share",
    description="No file has more rejected rows than landing.max_quarantined_share allows.",
)
def quarantined_share(project: ProjectResource) -> dg.AssetCheckResult:
    """Name the files of which too much cannot be used."""
    opened = project.open()
    limit = opened.settings.landing.max_quarantined_share
    share = pl.col("n_quarantined") / pl.col("n_rows")
    files = opened.store.scan("landed_files").filter(pl.col("status") == "landed")
    above = files.with_columns(share=share).filter(pl.col("share") > limit).collect()
    unreadable = (
        opened.store.scan("landed_files").filter(pl.col("status") == "unreadable").collect()
    )
    counted = above["source_uri", "n_quarantined", "n_rows"].rows()
    problems = [
        *(f"{uri}: {n} of {rows} rows are quarantined" for uri, n, rows in counted[:_SHOWN]),
        *(why for (why,) in unreadable.select("detail").rows()),
    ]
    if counted:
        problems.append(
            f"above landing.max_quarantined_share = {limit:g}; the table quarantined_rows has "
            "each row with its reason"
        )
    return dg.AssetCheckResult(
        passed=not problems,
        severity=dg.AssetCheckSeverity.ERROR,
        description="; ".join(problems) or None,
        metadata={"limit": limit, "files_above": table_value(above.head(_SHOWN))},
    )


@dg.asset_check(
    asset="raw_predictions",
    name="every_landed_row_is_accounted_for",
    blocking=True,
    description="Rows of each file = kept + quarantined + duplicates, and the kept ones are here.",
)
def every_landed_row_is_accounted_for(project: ProjectResource) -> dg.AssetCheckResult:
    """Compare the files' own counts with the rows that stand in the tables."""
    opened = project.open()
    store = opened.store
    if pending := opened.fingerprints.pending_evaluations("raw_predictions"):
        told = {"n_evaluations_pending": len(pending)}
        return dg.AssetCheckResult(
            passed=True, description="evaluations are yet to be materialized", metadata=told
        )
    kept = store.scan("raw_predictions").group_by("source_uri").len("n_found")
    quarantined = store.scan("quarantined_rows").group_by("source_uri").len("n_found_quarantined")
    files = store.scan("landed_files").filter(pl.col("status") == "landed")
    found = (
        files.join(kept, on="source_uri", how="left")
        .join(quarantined, on="source_uri", how="left")
        .with_columns(pl.col("n_found", "n_found_quarantined").fill_null(0))
    )
    accounted = pl.col("n_kept") + pl.col("n_quarantined") + pl.col("n_duplicates")
    agree = (
        (pl.col("n_rows") == accounted)
        & (pl.col("n_kept") == pl.col("n_found"))
        & (pl.col("n_quarantined") == pl.col("n_found_quarantined"))
    )
    wrong = found.filter(~agree).collect()
    return dg.AssetCheckResult(
        passed=wrong.is_empty(),
        description=f"rows do not add up in {wrong['source_uri'].to_list()[:_SHOWN]}"
        if wrong.height
        else None,
        metadata={"files": table_value(wrong.head(_SHOWN))},
    )


@dg.asset_check(
    asset="failure_ledger",
    name="every_failure_is_accounted_for",
    blocking=True,
    description="Each sampled failure was judged once, and each failure has exactly one outcome.",
)
def every_failure_is_accounted_for(project: ProjectResource) -> dg.AssetCheckResult:
    """Reconcile the ledger per dataset and model; the message names the rows."""
    found = ledger_discrepancies(project.open())
    return dg.AssetCheckResult(
        passed=not found,
        description="; ".join(
            f"{d.dataset}|{d.model}: {d.n_rows} rows {d.problem}: {', '.join(d.prediction_ids)}"
            for d in found[:_SHOWN]
        )
        or None,
        metadata={"discrepancies": table_value(as_frame(found[:_SHOWN]))},
    )


@dg.asset_check(
    asset="signatures",
    name="shares_sum_to_one",
    blocking=True,
    description="The shares of each model, dataset and depth sum to 1 within 1e-9.",
)
def shares_sum_to_one(project: ProjectResource) -> dg.AssetCheckResult:
    """Sum every signature."""
    key = ["taxonomy", "version", "model", "dataset", "depth"]
    sums = project.open().store.scan("signatures").group_by(key).agg(pl.sum("error_share"))
    off = (pl.col("error_share") - 1).abs() > _SHARES_MAY_MISS_ONE_BY
    wrong = sums.filter(off).sort(key).collect()
    return dg.AssetCheckResult(
        passed=wrong.is_empty(),
        description=f"{wrong.height} signatures do not sum to 1" if wrong.height else None,
        metadata={"signatures": table_value(wrong.head(_SHOWN))},
    )


CONSERVATION_CHECKS = [
    quarantined_share,
    every_landed_row_is_accounted_for,
    every_failure_is_accounted_for,
    shares_sum_to_one,
]
