"""A check of the pairs that the settings name as before and after."""

import dagster as dg

from errormap_dagster.domain.comparison import regressions
from errormap_dagster.metadata import table_value
from errormap_dagster.resources.project import ProjectResource


@dg.asset_check(
    asset="model_comparisons",
    name="no_regression",
    description="No second model of comparisons.pairs fails more often than the first, by more "
    "than comparisons.max_regression and by more than chance.",
)
def no_regression(project: ProjectResource) -> dg.AssetCheckResult:
    """Name the regressions; pairs that the settings do not name have no before and after."""
    opened = project.open()
    settings = opened.settings.comparisons
    named = isinstance(settings.pairs, list)
    rows = opened.store.scan("model_comparisons").collect()
    worse = regressions(rows if named else rows.clear(), settings.max_regression)
    told = [
        f"{b} fails more than {a} on {dataset} ({category}): {difference:+.1%}"
        for dataset, a, b, category, difference in worse.select(
            "dataset", "model_a", "model_b", "category_id", "rate_difference"
        ).iter_rows()
    ]
    return dg.AssetCheckResult(
        passed=not told,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(told) or None,
        metadata={"limit": settings.max_regression, "regressions": table_value(worse)},
    )
