"""Whether new errors still fit the taxonomy versions that are in force."""

import dagster as dg
import polars as pl

from errormap_dagster.metadata import table_value
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.novelty import novelty_reports


@dg.asset_check(
    asset="category_assignments",
    name="novelty",
    description="Of the errors that came after a version, no larger share fits its categories "
    "badly than of those that were held out of it (taxonomy.novelty_tolerance).",
)
def novelty(project: ProjectResource) -> dg.AssetCheckResult:
    """Compare new errors with the baseline of each version in force."""
    reports = novelty_reports(project.open())
    told = [f"{key}: {report.reason}" for key, report in reports.items() if report.is_novel]
    groups = [
        {"version": str(key), "word": g.word, "n_errors": g.n_errors, "titles": "; ".join(g.titles)}
        for key, report in reports.items()
        for g in report.groups
    ]
    shown = {str(key): report.reason for key, report in reports.items()}
    schema = {"version": pl.String, "word": pl.String, "n_errors": pl.Int64, "titles": pl.String}
    return dg.AssetCheckResult(
        passed=not told,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(told) or None,
        metadata={
            "reports": dg.MetadataValue.json(shown),
            "groups": table_value(pl.DataFrame(groups, schema=schema)),
        },
    )
