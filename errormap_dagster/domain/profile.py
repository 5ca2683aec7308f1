"""What a dataset measures: how its failures spread over categories, over all models.

Shares have the intervals of ``shares.py``: one example failed by several models is one example.
Datasets are as far apart as the Jensen-Shannon distance of their shares (Lin 1991), base 2, which
scipy computes. A category discriminates between models by the standard deviation of their rates in
it, less what chance adds.
"""

from collections.abc import Collection, Mapping
from itertools import combinations

import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.shares import weighted_shares, with_intervals

_STAMP = ("taxonomy", "version")
_WITHOUT_CATEGORY = ("other", "unassigned")
_ABOUT, _OFF = "about the skill", "off the skill"


def benchmark_profiles(
    errors: pl.DataFrame, evaluations: pl.DataFrame, skills: Mapping[str, Collection[str]]
) -> pl.DataFrame:
    """Rows of ``benchmark_profiles`` without taxonomy and version, sorted.

    Args:
        errors: one row per judged error, sorted by prediction_id: dataset, model, example_id,
            category_id at depth 1 (or status) and sampling_weight.
        evaluations: one row per dataset and model: n_predictions and n_failures.
        skills: by dataset the ids of the categories that it is meant to measure; datasets that
            declare none are left out.
    """
    schema = {k: v for k, v in polars_schema("benchmark_profiles").items() if k not in _STAMP}
    if errors.is_empty():
        return pl.DataFrame(schema=schema)
    totals = evaluations.group_by("dataset").agg(
        pl.sum("n_predictions", "n_failures"), n_models=pl.len().cast(pl.Int64)
    )
    shares = with_intervals(weighted_shares(errors, totals, ["dataset"]))
    declared = _declared(skills)
    is_category = ~pl.col("category_id").is_in(_WITHOUT_CATEGORY)
    is_declared = pl.col("dataset").is_in(sorted(skills))
    is_named = pl.col("is_named").fill_null(value=False)
    return (
        shares.join(totals, on="dataset")
        .join(_discrimination(errors, evaluations), on=["dataset", "category_id"], how="left")
        .join(declared, on=["dataset", "category_id"], how="left")
        .join(_off_skill(errors, totals, declared), on="dataset", how="left")
        .with_columns(
            failure_rate=pl.col("n_failures") / pl.col("n_predictions"),
            is_skill=pl.when(is_category & is_declared).then(is_named),
        )
        .with_columns(error_rate=pl.col("error_share") * pl.col("failure_rate"))
        .select(*schema)
        .cast(pl.Schema(schema))
        .sort("dataset", "category_id")
    )


def _declared(skills: Mapping[str, Collection[str]]) -> pl.DataFrame:
    """One row per dataset and category that it is meant to measure: is_named, always true."""
    rows = [
        (name, skill, True) for name, found in sorted(skills.items()) for skill in sorted(found)
    ]
    schema = {"dataset": pl.String, "category_id": pl.String, "is_named": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _off_skill(errors: pl.DataFrame, totals: pl.DataFrame, declared: pl.DataFrame) -> pl.DataFrame:
    """Per dataset with a declared skill: off_skill_share and the ends of its interval, 0 to 1.

    Of errors without a category nobody knows what they are about: they are left out. A dataset
    that has no others has no row.
    """
    told = ~pl.col("category_id").is_in(_WITHOUT_CATEGORY)
    placed = (
        errors.filter(told)
        .join(declared, on="dataset", how="semi", maintain_order="left")
        .join(declared, on=["dataset", "category_id"], how="left", maintain_order="left")
        .with_columns(category_id=pl.when("is_named").then(pl.lit(_ABOUT)).otherwise(pl.lit(_OFF)))
    )
    off = pl.col("error_share").filter(pl.col("category_id") == _OFF)
    pooled = (
        weighted_shares(placed, totals, ["dataset"])
        .group_by("dataset", maintain_order=True)
        .agg(error_share=off.sum(), n_effective=pl.first("n_effective"))
    )
    ends = {
        name: name.replace("error", "off_skill")
        for name in ("error_share", "error_share_low", "error_share_high")
    }
    return with_intervals(pooled).drop("n_effective").rename(ends)


def _discrimination(errors: pl.DataFrame, evaluations: pl.DataFrame) -> pl.DataFrame:
    """Per dataset and category the spread of the models' rates, which one model does not have."""
    key = ["dataset", "model"]
    counted = errors.group_by([*key, "category_id"], maintain_order=True).agg(
        weight=pl.sum("sampling_weight"), squares=(pl.col("sampling_weight") ** 2).sum()
    )
    categories = errors.select("dataset", "category_id").unique(maintain_order=True)
    n = pl.col("n_predictions")
    crossed = (
        evaluations.select(*key, "n_predictions")
        .sort(key)
        .join(categories, on="dataset", maintain_order="left_right")
        .join(counted, on=[*key, "category_id"], how="left", maintain_order="left")
        .with_columns(pl.col("weight", "squares").fill_null(0.0))
        .with_columns(rate=pl.col("weight") / n)
        .with_columns(chance=(pl.col("squares") / n - pl.col("rate") ** 2).clip(0.0) / n)
    )
    spread = (pl.col("rate").var() - pl.col("chance").mean()).clip(0.0).sqrt()
    return crossed.group_by("dataset", "category_id", maintain_order=True).agg(
        model_spread=spread, lowest_rate=pl.min("rate"), highest_rate=pl.max("rate")
    )


def dataset_similarities(profiles: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``dataset_similarities`` without taxonomy and version: pairs of datasets, sorted.

    Errors without a category say nothing of what a dataset measures and are left out.

    Args:
        profiles: rows of ``benchmark_profiles``.
    """
    from scipy.spatial.distance import jensenshannon  # noqa: PLC0415 - seconds of import

    placed = profiles.filter(~pl.col("category_id").is_in(_WITHOUT_CATEGORY))
    wide = placed.pivot(
        "dataset", index="category_id", values="error_share", sort_columns=True
    ).fill_null(0.0)
    n_errors = dict(placed.group_by("dataset").agg(pl.sum("n_errors")).iter_rows())
    names = [name for name in wide.columns if name != "category_id"]
    rows = [
        (a, b, float(jensenshannon(wide[a].to_numpy(), wide[b].to_numpy(), base=2)))
        for a, b in combinations(names, 2)
    ]
    schema = {k: v for k, v in polars_schema("dataset_similarities").items() if k not in _STAMP}
    return pl.DataFrame(
        [(a, b, distance, min(n_errors[a], n_errors[b])) for a, b, distance in rows],
        schema=schema,
        orient="row",
    )
