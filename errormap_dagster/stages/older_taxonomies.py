"""Taxonomies of homes that are older than the audit of taxonomies, told as they would be now.

Their tables hold the categories and not who decided what. The categories stay as they are, with
their ids, so that errors stay where they were put; the rest says that it is not known.
"""

import polars as pl

from errormap_dagster.domain.taxonomy import categories_from
from errormap_dagster.domain.taxonomy_versions import (
    Decision,
    Status,
    TaxonomyFrames,
    VersionKey,
    VersionOrigin,
    add_first_version,
)

_ACTOR = "not known"
_REASON = "made by a release that did not keep why"
_KEY = ["taxonomy", "version"]


def is_older(versions: pl.DataFrame) -> bool:
    """Whether the rows of ``taxonomy_versions`` were written before it said who made a version."""
    return bool(versions.width) and "actor" not in versions.columns


def told_as_now(
    versions: pl.DataFrame, categories: pl.DataFrame, nothing: TaxonomyFrames
) -> TaxonomyFrames:
    """The tables of today for versions of then, each in force since it was made.

    Args:
        versions: rows of ``taxonomy_versions`` 1.0.0.
        categories: rows of ``taxonomy_categories`` 1.0.0, without rules and lists.
        nothing: the tables of today without rows.
    """
    completed = categories.with_columns(
        rule=pl.lit(None, pl.String), listed_prediction_ids=pl.lit([], pl.List(pl.String))
    )
    tables = nothing
    for row in versions.sort(_KEY).iter_rows(named=True):
        key = VersionKey(row["taxonomy"], row["version"])
        members = completed.filter(
            pl.col("taxonomy") == key.taxonomy, pl.col("version") == key.version
        )
        now, run_id = row["created_at"], row["run_id"]
        origin = VersionOrigin(_ACTOR, row["judge"], None, (), _REASON, now, run_id)
        decision = Decision(key, Status.APPROVED, _ACTOR, _REASON, now, run_id)
        tables = add_first_version(tables, key, categories_from(members), origin, decision)
    counted = tables.versions.update(versions.select(*_KEY, "n_errors"), on=_KEY)
    return tables._replace(versions=counted)
