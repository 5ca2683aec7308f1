"""The history of signatures as a stage: each refresh keeps what changed, and why.

One file per refresh, written once. ``counted_errors`` holds what the last refresh counted, for the
next one to compare itself with.
"""

from datetime import UTC, datetime

import polars as pl

from errormap_dagster.contracts.registry import empty_frame, polars_schema
from errormap_dagster.domain.share_decomposition import decompose_shares
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.project import Project
from errormap_dagster.stages.results import weighted_assignments
from errormap_dagster.stages.taxonomies import categories_of, versions_in_force

HISTORY = "signature_history"
COUNTED = "counted_errors"
_SIGNATURE = ["model", "dataset"]


def note_refresh(project: Project, run_id: str) -> int | None:
    """Keep the signatures that stand now, if they are not those of the last refresh.

    Returns:
        The number of the refresh; None when nothing has changed since the last one.
    """
    store = project.store
    mark = store.fingerprint("signatures")
    number = _last_refresh(project)
    is_noted = number > 0 and store.fingerprint(HISTORY, _partition(number)) == mark
    if mark is None or (is_noted and store.fingerprint(COUNTED) == mark):
        return None
    now = _counted_now(project)
    if not is_noted:
        number += 1
        rows = _history_rows(project, now)
        told = rows.with_columns(
            refresh=pl.lit(number, pl.Int64),
            refreshed_at=pl.lit(datetime.now(UTC)).cast(pl.Datetime("us", "UTC")),
            run_id=pl.lit(run_id),
        )
        schema = polars_schema(HISTORY)
        store.write(HISTORY, told.select(schema.names()).cast(schema), mark, _partition(number))
    store.write(COUNTED, now, mark)
    return number


def _partition(number: int) -> dict[str, str]:
    return {"refresh": f"{number:06}"}


def _last_refresh(project: Project) -> int:
    found = project.store.partitions(HISTORY, ["refresh"])
    return max((int(partition["refresh"]) for partition in found), default=0)


def _counted_now(project: Project) -> pl.DataFrame:
    in_force = pl.DataFrame(
        versions_in_force(project),
        schema={"taxonomy": pl.String, "version": pl.Int64},
        orient="row",
    )
    rows = weighted_assignments(project).join(in_force, on=["taxonomy", "version"], how="semi")
    schema = polars_schema(COUNTED)
    return rows.select(schema.names()).sort("taxonomy", "version", "prediction_id")


def _history_rows(project: Project, now: pl.DataFrame) -> pl.DataFrame:
    """What changed in each taxonomy, of the signatures in which anything did."""
    last = project.store.scan(COUNTED).collect()
    frames: list[pl.DataFrame] = []
    for key in versions_in_force(project):
        before = last.filter(pl.col("taxonomy") == key.taxonomy)
        previous = before["version"].max() if before.height else None
        number = previous if isinstance(previous, int) else key.version
        changes = decompose_shares(
            before,
            now.filter(pl.col("taxonomy") == key.taxonomy),
            categories_of(project, VersionKey(key.taxonomy, number)),
            categories_of(project, key),
        )
        known = pl.col("previous_error_share").is_not_null()
        parts = [pl.col("new_failures_change") != 0, pl.col("recategorised_change") != 0]
        changed = changes.filter(~known | pl.any_horizontal(parts)).select(_SIGNATURE).unique()
        frames.append(
            changes.join(changed, on=_SIGNATURE, how="semi").with_columns(
                taxonomy=pl.lit(key.taxonomy),
                version=pl.lit(key.version, pl.Int64),
                previous_version=pl.when(known).then(pl.lit(number, pl.Int64)),
            )
        )
    if not frames:
        return empty_frame(HISTORY)
    return pl.concat(frames).sort("taxonomy", *_SIGNATURE, "depth", "category_id")
