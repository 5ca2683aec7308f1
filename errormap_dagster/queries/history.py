"""Versions of taxonomies: what changed between them, and where the errors went."""

from typing import NamedTuple

import polars as pl

from errormap_dagster.queries.errors import (
    WITHOUT_CATEGORY,
    Place,
    Version,
    category_name,
    error_rows,
    places,
)
from errormap_dagster.queries.tables import Tables


class Stream(NamedTuple):
    """The errors that are in one category of one version and in one of another.

    Attributes:
        source: id and name of the first version's category.
        target: id and name of the second's.
        n_errors: how many errors.
    """

    source: tuple[str, str]
    target: tuple[str, str]
    n_errors: int


def version_rows(tables: Tables) -> pl.DataFrame:
    """All rows of ``taxonomy_versions``, by taxonomy and version."""
    return tables.frame("taxonomy_versions").sort("taxonomy", "version")


def change_rows(tables: Tables, version: Version) -> pl.DataFrame:
    """What changed with a version: rows of ``taxonomy_changes`` with the categories' names.

    Adds ``from_names`` and ``to_names``, lists as long as those of the ids.
    """
    rows = tables.frame("taxonomy_changes").filter(
        pl.col("taxonomy") == version.taxonomy, pl.col("version") == version.number
    )
    parent = (
        version_rows(tables)
        .filter(pl.col("taxonomy") == version.taxonomy, pl.col("version") == version.number)[
            "parent_version"
        ]
        .to_list()
    )
    before = places(tables, Version(version.taxonomy, parent[0])) if any(parent) else {}
    after = places(tables, version)
    return rows.with_columns(
        pl.Series("from_names", _named(rows["from_category_ids"], before), pl.List(pl.String)),
        pl.Series("to_names", _named(rows["to_category_ids"], after), pl.List(pl.String)),
    ).sort("change_type", "change_id")


def _named(ids: pl.Series, known: dict[str, Place]) -> list[list[str]]:
    return [[category_name(known, category_id) for category_id in row] for row in ids.to_list()]


def streams(tables: Tables, source: Version, target: Version) -> list[Stream]:
    """Where the errors of each top category of one version are in another; most errors first."""
    sides = [_tops(tables, version, name) for version, name in ((source, "a"), (target, "b"))]
    pairs = sides[0].join(sides[1], on="prediction_id").group_by("a", "b").len("n_errors")
    first, second = places(tables, source), places(tables, target)
    ordered = pairs.sort(["n_errors", "a", "b"], descending=[True, False, False])
    return [
        Stream((a, category_name(first, a)), (b, category_name(second, b)), n)
        for a, b, n in ordered.iter_rows()
    ]


def _tops(tables: Tables, version: Version, name: str) -> pl.DataFrame:
    known = places(tables, version)
    top = {
        member: category_id
        for category_id, place in known.items()
        if place.category.depth == 1
        for member in place.members
    }
    status = {status: status for status in WITHOUT_CATEGORY}
    rows = error_rows(tables, version).filter(pl.col("category_id").is_not_null())
    place = pl.col("category_id").replace({**top, **status})
    return rows.select("prediction_id", place.alias(name))
