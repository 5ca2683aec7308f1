"""Whether the judge quotes what is there."""

import dagster as dg
import polars as pl

from errormap_dagster.metadata import table_value
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.judging import grounded_shares


@dg.asset_check(
    asset="judged_errors",
    name="grounded",
    description="Of each judge's quotes on a dataset enough stand in the outputs "
    "(judge.min_grounded_share).",
)
def grounded(project: ProjectResource) -> dg.AssetCheckResult:
    """Compare the share of quotes that were found with the least that the settings accept."""
    opened = project.open()
    least = opened.settings.judge.min_grounded_share
    shares = grounded_shares(opened.store)
    low = shares.filter(pl.col("grounded_share") < least)
    told = [
        f"{judge} on {dataset}: {share:.0%} of {n} quotes stand in the outputs, below {least:.0%}"
        for judge, dataset, n, share in low.iter_rows()
    ]
    return dg.AssetCheckResult(
        passed=low.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(told) or None,
        metadata={"grounded_shares": table_value(shares)},
    )
