"""How good a taxonomy version is as a set of categories, from its assignments and second passes.

Agreement is measured against the nearest alternative: an error is classified once more between its
category and the runner-up alone, the runner-up first. Against a random other category, as the
paper does, nearly every judge agrees with itself.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.identity import hash_fraction
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.shares import wilson_interval
from errormap_dagster.domain.taxonomy import category_paths

Pair = tuple[str, str]
"""A category and the runner-up."""
SecondPass = Mapping[str, str | None]
"""For each error that was classified once more, the category that it went to."""
_PAIR: Final = ["category_id", "runner_up_category_id"]


class QualityFrames(NamedTuple):
    """Rows of taxonomy_quality, taxonomy_category_quality and taxonomy_confusions."""

    version: pl.DataFrame
    categories: pl.DataFrame
    confusions: pl.DataFrame


class Measured(NamedTuple):
    """What was measured of one version.

    Attributes:
        taxonomy: its name.
        version: its number.
        categories: its tree.
        assignments: its rows of ``category_assignments``.
        held_out: ids of the errors that were held out of it.
        second_pass: where errors went when they were classified once more.
        stability: its rows of ``taxonomy_stability``.
        unstable_below: a mean Jaccard index below this marks a category.
    """

    taxonomy: str
    version: int
    categories: Sequence[Category]
    assignments: pl.DataFrame
    held_out: AbstractSet[str]
    second_pass: SecondPass
    stability: pl.DataFrame
    unstable_below: float


def nearest_pairs(assignments: pl.DataFrame, most: int, seed: int) -> dict[Pair, list[str]]:
    """Errors to classify once more, by their category and its runner-up; a seeded draw of many.

    Returns:
        Ids of errors in order, for each pair in order.
    """
    two = assignments.filter(
        pl.col("status") == "assigned",
        pl.col("runner_up_category_id").is_not_null(),
        pl.col("runner_up_category_id") != pl.col("category_id"),
    )
    rows = list(two.select("prediction_id", *_PAIR).iter_rows())
    drawn = sorted(rows, key=lambda row: hash_fraction(seed, f"second_pass:{row[0]}"))[:most]
    found: dict[Pair, list[str]] = defaultdict(list)
    for prediction_id, category_id, runner_up in sorted(drawn):
        found[category_id, runner_up].append(prediction_id)
    return dict(sorted(found.items()))


def quality_frames(measured: Measured) -> QualityFrames:
    """The rows of one version."""
    confusions = _confusions(measured)
    categories = _categories(measured, confusions)
    return QualityFrames(_version(measured, categories), categories, confusions)


def _confusions(measured: Measured) -> pl.DataFrame:
    passed = measured.second_pass
    again = pl.DataFrame(
        {"prediction_id": list(passed), "again": list(passed.values())},
        schema={"prediction_id": pl.String, "again": pl.String},
    ).with_columns(is_asked=pl.lit(value=True))
    rows = (
        measured.assignments.filter(
            pl.col("status") == "assigned", pl.col("runner_up_category_id").is_not_null()
        )
        .join(again, on="prediction_id", how="left")
        .sort("prediction_id")
        .group_by(_PAIR, maintain_order=True)
        .agg(
            n_errors=pl.len(),
            mean_confidence=pl.col("confidence").mean(),
            n_second_pass=pl.col("is_asked").fill_null(value=False).sum(),
            n_changed=(pl.col("again") == pl.col("runner_up_category_id")).sum(),
        )
        .sort(_PAIR)
    )
    return _as_table("taxonomy_confusions", rows, measured)


def _categories(measured: Measured, confusions: pl.DataFrame) -> pl.DataFrame:
    n_errors = _n_errors(measured)
    by_id = confusions.group_by("category_id").agg(
        n_second_pass=pl.sum("n_second_pass"),
        n_changed=pl.sum("n_changed"),
        nearest_category_id=pl.col("runner_up_category_id")
        .sort_by(["n_errors", "runner_up_category_id"], descending=[True, False])
        .first(),
    )
    held = measured.stability.group_by("category_id").agg(
        n_repeats=pl.col("jaccard").count(),
        # Summed in one order, so that the last digit does not depend on threads.
        jaccard=pl.col("jaccard").sort().mean(),
        jaccard_low=pl.col("jaccard").min(),
    )
    ids = [category.category_id for category in measured.categories]
    rows = (
        pl.DataFrame({"category_id": ids, "n_errors": [n_errors[i] for i in ids]})
        .join(by_id, on="category_id", how="left", maintain_order="left")
        .join(held, on="category_id", how="left", maintain_order="left")
        .with_columns(pl.col("n_second_pass", "n_changed", "n_repeats").fill_null(0))
        .with_columns(
            agreement_share=pl.when(pl.col("n_second_pass") > 0).then(
                1 - pl.col("n_changed") / pl.col("n_second_pass")
            ),
            is_unstable=pl.col("jaccard") < measured.unstable_below,
        )
        .sort("category_id")
    )
    return _as_table("taxonomy_category_quality", rows, measured)


def _n_errors(measured: Measured) -> dict[str, int]:
    """Errors in each category or below it."""
    counts = dict.fromkeys((category.category_id for category in measured.categories), 0)
    paths = category_paths(measured.categories)
    for place in measured.assignments["category_id"].drop_nulls():
        for step in paths[place]:
            counts[step] += 1
    return counts


def _version(measured: Measured, categories: pl.DataFrame) -> pl.DataFrame:
    rows = measured.assignments
    n_errors = rows.height
    held_out = rows.filter(pl.col("prediction_id").is_in(list(measured.held_out)))
    n_covered = _n_with(held_out, "assigned")
    n_second, n_kept = _kept(measured)
    repeats = measured.stability["repetition"].n_unique()
    told = {
        "n_errors": n_errors,
        "other_share": _share(_n_with(rows, "other"), n_errors),
        "unassigned_share": _share(_n_with(rows, "unassigned"), n_errors),
        "n_held_out": held_out.height,
        **_with_interval("coverage_share", n_covered, held_out.height),
        "n_second_pass": n_second,
        **_with_interval("agreement_share", n_kept, n_second),
        "n_repeats": repeats,
        "adjusted_rand_top": _mean_rand(measured, lowest=False),
        "adjusted_rand_lowest": _mean_rand(measured, lowest=True),
        "n_unstable_categories": int(categories["is_unstable"].sum()),
        **_unstable_shares(measured, categories),
    }
    return _as_table("taxonomy_quality", pl.DataFrame([told], infer_schema_length=None), measured)


def _kept(measured: Measured) -> tuple[int, int]:
    """Errors of the second pass, and those that did not go to the runner-up."""
    by_id = dict(
        measured.assignments.filter(pl.col("prediction_id").is_in(list(measured.second_pass)))
        .select("prediction_id", "runner_up_category_id")
        .iter_rows()
    )
    kept = sum(measured.second_pass[error] != runner_up for error, runner_up in by_id.items())
    return len(by_id), kept


def _n_with(rows: pl.DataFrame, status: str) -> int:
    return rows.filter(pl.col("status") == status).height


def _share(n: int, of: int) -> float | None:
    return n / of if of else None


def _with_interval(name: str, n: int, of: int) -> dict[str, float | None]:
    if not of:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    low, high = wilson_interval(np.array([n / of]), np.array([float(of)]))
    return {name: n / of, f"{name}_low": float(low[0]), f"{name}_high": float(high[0])}


def _mean_rand(measured: Measured, *, lowest: bool) -> float | None:
    depths = {category.category_id: category.depth for category in measured.categories}
    depth = max(depths.values()) if lowest else 1
    at_depth = [i for i, own in depths.items() if own == depth]
    rows = measured.stability.filter(pl.col("category_id").is_in(at_depth))
    if rows.is_empty():
        return None
    by_repetition = rows.group_by("repetition").agg(pl.first("adjusted_rand")).sort("repetition")
    return float(np.mean(by_repetition["adjusted_rand"].to_numpy()))


def _unstable_shares(measured: Measured, categories: pl.DataFrame) -> dict[str, float | None]:
    if measured.stability.is_empty():
        return {"unstable_error_share": None, "unstable_top_error_share": None}
    unstable = set(categories.filter("is_unstable")["category_id"])
    paths = category_paths(measured.categories)
    places = measured.assignments["category_id"].drop_nulls().to_list()
    n_top = sum(paths[place][0] in unstable for place in places)
    return {
        "unstable_error_share": _share(sum(place in unstable for place in places), len(places)),
        "unstable_top_error_share": _share(n_top, len(places)),
    }


def _as_table(table: str, rows: pl.DataFrame, measured: Measured) -> pl.DataFrame:
    schema = polars_schema(table)
    keyed = rows.with_columns(
        taxonomy=pl.lit(measured.taxonomy), version=pl.lit(measured.version, pl.Int64)
    )
    return keyed.select(pl.col(name).cast(kind) for name, kind in schema.items())
