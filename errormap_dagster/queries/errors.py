"""Every failure in one frame, with what was found and its category under one taxonomy version."""

from typing import NamedTuple

import polars as pl

from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import categories_from, category_paths, named_paths
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.queries.tables import Tables

WITHOUT_CATEGORY = ("other", "unassigned")
"""Statuses that stand in the place of a category."""
OUTCOMES = (
    *("assigned", "other", "unassigned", "no_error_found", "judge_failed"),
    "not_sampled",
)
"""What can become of a failure, as in the failure ledger."""
_FAILURES = ["prediction_id", "dataset", "model", "example_id", "score", "sampling_weight"]
_TAXONOMY = ["taxonomy_categories", "taxonomy_versions"]


class Version(NamedTuple):
    """One version of a taxonomy."""

    taxonomy: str
    number: int

    def __str__(self) -> str:
        """As in a link: ``atlas@1``."""
        return f"{self.taxonomy}@{self.number}"


class Place(NamedTuple):
    """A category in its tree.

    Attributes:
        category: the category.
        path: the names from the top down to it, as one text.
        members: the ids of the category and of all below it.
        children: the ids of those right below it.
    """

    category: Category
    path: str
    members: frozenset[str]
    children: tuple[str, ...]


def versions(tables: Tables) -> list[Version]:
    """All versions of all taxonomies, by name and number."""
    rows = tables.frame("taxonomy_versions").select("taxonomy", "version").sort("*")
    return [Version(*row) for row in rows.iter_rows()]


def reported_version(tables: Tables) -> Version:
    """The version under which the failure ledger stands.

    Raises:
        TableMissingError: there is no ledger yet.
        ErrorMapError: the ledger and the taxonomies are both empty.
    """
    ledger = tables.frame("failure_ledger").select("taxonomy", "version").head(1)
    found = [Version(*row) for row in ledger.iter_rows()] or versions(tables)
    if not found:
        raise ErrorMapError("There is no taxonomy yet. Run `errormap run` to make one.")
    return found[0]


def places(tables: Tables, version: Version) -> dict[str, Place]:
    """The categories of a version by id, parents before children."""
    return tables.kept(("places", version), _TAXONOMY, lambda: _places(tables, version))


def _places(tables: Tables, version: Version) -> dict[str, Place]:
    rows = tables.frame("taxonomy_categories").filter(
        pl.col("taxonomy") == version.taxonomy, pl.col("version") == version.number
    )
    categories = categories_from(rows)
    above, names = category_paths(categories), named_paths(categories)
    return {
        c.category_id: Place(
            c,
            names[c.category_id],
            frozenset(name for name, path in above.items() if c.category_id in path),
            tuple(o.category_id for o in categories if o.parent_category_id == c.category_id),
        )
        for c in categories
    }


def category_name(known: dict[str, Place], category_id: str) -> str:
    """The name of a category; of none, what stands in its place."""
    return known[category_id].category.name if category_id in known else category_id


def error_rows(tables: Tables, version: Version) -> pl.DataFrame:
    """One row per failure: its evaluation, error, outcome and category under ``version``.

    The column ``category_id`` holds the status where an error has no category, and null where
    there is no error.
    """
    sources = ["failures", "judged_errors", "category_assignments"]
    return tables.kept(("errors", version), sources, lambda: _error_rows(tables, version))


def _error_rows(tables: Tables, version: Version) -> pl.DataFrame:
    judged = tables.scan("judged_errors").select(
        *("prediction_id", "error_title", "error_summary", "judge"),
        judged_outcome="outcome",
    )
    assigned = (
        tables.scan("category_assignments")
        .filter(pl.col("taxonomy") == version.taxonomy, pl.col("version") == version.number)
        .select("prediction_id", "category_id", "category_path", "confidence", "status")
    )
    # An outcome that the judge gives is one of the ledger's unless there is an assignment.
    outcome = pl.coalesce("status", "judged_outcome", pl.lit("not_sampled"))
    return (
        tables.scan("failures")
        .select(_FAILURES)
        .join(judged, on="prediction_id", how="left")
        .join(assigned, on="prediction_id", how="left")
        .with_columns(
            outcome=outcome,
            category_id=pl.coalesce(
                "category_id", pl.when(pl.col("status").is_in(WITHOUT_CATEGORY)).then("status")
            ),
        )
        .drop("status", "judged_outcome")
        .sort("dataset", "example_id", "model", "prediction_id")
        .collect()
    )


def models_of(tables: Tables, dataset: str | None = None) -> list[str]:
    """The models that were evaluated, on one dataset or on any, sorted."""
    return _evaluations(tables, dataset)["model"].unique().sort().to_list()


def datasets_of(tables: Tables) -> list[str]:
    """The datasets on which a model was evaluated, sorted."""
    return _evaluations(tables, None)["dataset"].unique().sort().to_list()


def judges_of(tables: Tables) -> list[str]:
    """Who read the failures, sorted."""
    return tables.kept(
        "judges",
        ["judged_errors"],
        lambda: (
            tables.scan("judged_errors")
            .select("judge")
            .unique()
            .collect()["judge"]
            .sort()
            .to_list()
        ),
    )


def _evaluations(tables: Tables, dataset: str | None) -> pl.DataFrame:
    rows = tables.kept("evaluations", ["raw_predictions"], lambda: _counted(tables))
    return rows if dataset is None else rows.filter(pl.col("dataset") == dataset)


def evaluation_rows(tables: Tables) -> pl.DataFrame:
    """One row per evaluation: dataset, model and n_predictions."""
    return _evaluations(tables, None)


def _counted(tables: Tables) -> pl.DataFrame:
    grouped = tables.scan("raw_predictions").group_by("dataset", "model")
    counted = grouped.agg(n_predictions=pl.len().cast(pl.Int64))
    return counted.sort("dataset", "model").collect()
