"""Failure signatures: how the errors of a model spread over the categories of a taxonomy.

A signature is the vector of shares E_k of arXiv 2601.15812, section 3, over judged errors and
weighted by the inverse inclusion share of each, so that a sample speaks for all failures. Unlike
the reference, errors without a category are counted ("other", "unassigned"), and each share has an
interval (``shares.py``). Beside each dataset there are signatures over groups of datasets and over
all: by errors (micro), and as the mean of the datasets, each counting once (macro).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.shares import weighted_shares, with_intervals
from errormap_dagster.domain.taxonomy import category_paths

ALL_DATASETS = "all"
"""The value of ``dataset`` in rows over all datasets of a model, by errors."""
MACRO = " (macro)"
"""Ends the value of ``dataset`` in rows that are the mean of several datasets."""
GROUP = "group:"
"""Begins the value of ``dataset`` in rows over a group of datasets; its name follows."""
_KEY = ["model", "dataset"]
_LABEL = ["model", "label"]


@dataclass(frozen=True, slots=True)
class SignatureRules:
    """What the settings say of signatures.

    Attributes:
        groups: names of groups, each with its datasets.
        widest_interval: a wider interval marks its share as too few to say, 0 to 1.
    """

    groups: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    widest_interval: float = 0.2


def signatures(
    assignments: pl.DataFrame,
    evaluations: pl.DataFrame,
    categories: Sequence[Category],
    *,
    taxonomy: str,
    version: int,
    rules: SignatureRules | None = None,
) -> pl.DataFrame:
    """Rows of ``signatures`` for one taxonomy version.

    At each depth an error counts in its category of that depth, or in its own where the tree ends
    above; without a category it counts as its status. A model without a judged error has no rows.

    Args:
        assignments: one row per judged error of this version: prediction_id, dataset, model,
            example_id, category_id, status and sampling_weight.
        evaluations: one row per dataset and model: n_predictions, n_failures and n_judged.
        categories: of this version.
        taxonomy: its name.
        version: its number.
        rules: groups and bounds; none and the defaults without them.
    """
    if assignments.is_empty():
        return pl.DataFrame(schema=polars_schema("signatures"))
    rules = rules or SignatureRules()
    scopes = _scopes(evaluations, rules.groups)
    depths = range(1, max((category.depth for category in categories), default=1) + 1)
    counted = [
        _at_depth(place_errors(assignments, categories, depth), evaluations, scopes).with_columns(
            depth=pl.lit(depth, pl.Int64)
        )
        for depth in depths
    ]
    rows = pl.concat(counted).with_columns(
        dataset="label",
        taxonomy=pl.lit(taxonomy),
        version=pl.lit(version, pl.Int64),
        is_too_few=pl.col("error_share_high") - pl.col("error_share_low") > rules.widest_interval,
    )
    schema = polars_schema("signatures")
    order = ["taxonomy", "version", "model", "dataset", "depth", "category_id"]
    return rows.select(schema.names()).cast(schema).sort(order)


def place_errors(
    assignments: pl.DataFrame, categories: Sequence[Category], depth: int
) -> pl.DataFrame:
    """The assignments with category_id as it counts at a depth, sorted by prediction_id."""
    at_depth = {name: path[:depth][-1] for name, path in category_paths(categories).items()}
    place = pl.col("category_id").replace_strict(at_depth, default=None, return_dtype=pl.String)
    return assignments.with_columns(category_id=pl.coalesce(place, "status")).sort("prediction_id")


def _scopes(evaluations: pl.DataFrame, groups: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """What each dataset counts in: one row per dataset and label, with the label's scope."""
    datasets = sorted(set(evaluations["dataset"]))
    rows = [(name, name, "dataset") for name in datasets]
    rows += [(name, ALL_DATASETS, "all") for name in datasets]
    rows += [
        (name, f"{GROUP}{group}", "group")
        for group, members in sorted(groups.items())
        for name in sorted(set(members) & set(datasets))
    ]
    return pl.DataFrame(rows, schema=["dataset", "label", "scope"], orient="row")


def _at_depth(
    placed: pl.DataFrame, evaluations: pl.DataFrame, scopes: pl.DataFrame
) -> pl.DataFrame:
    """Shares of one depth under every label, micro and macro, with the counts they rest on."""
    counted = evaluations.join(scopes, on="dataset")
    labelled = placed.join(scopes, on="dataset", maintain_order="left")
    shares = with_intervals(weighted_shares(labelled, counted, _LABEL))
    micro = shares.join(_totals(counted), on=_LABEL, maintain_order="left").with_columns(
        error_rate=pl.col("error_share") * pl.col("failure_rate"), is_macro=pl.lit(value=False)
    )
    alone = micro.filter(pl.col("scope") == "dataset").rename({"label": "dataset"})
    return pl.concat([micro, _macro(alone, counted)], how="diagonal")


def _totals(counted: pl.DataFrame) -> pl.DataFrame:
    """One row per model and label: the counts of its datasets together."""
    return (
        counted.group_by(_LABEL)
        .agg(
            pl.first("scope"),
            pl.sum("n_predictions", "n_failures", "n_judged"),
            n_datasets=pl.len().cast(pl.Int64),
        )
        .with_columns(failure_rate=pl.col("n_failures") / pl.col("n_predictions"))
    )


def _macro(alone: pl.DataFrame, counted: pl.DataFrame) -> pl.DataFrame:
    """Means over datasets: of shares over those with errors, of rates over all of the model."""
    several = counted.filter(pl.col("scope") != "dataset").sort(*_LABEL, "dataset")
    rate = pl.col("n_failures") / pl.col("n_predictions")
    rates = several.group_by(_LABEL, maintain_order=True).agg(failure_rate=rate.mean())
    totals = _totals(several).drop("failure_rate").join(rates, on=_LABEL)
    sources = several.select(*_KEY, "label").join(
        alone.select(*_KEY, "category_id", "n_errors", "error_share", "error_rate", "n_effective"),
        on=_KEY,
        maintain_order="left_right",
    )
    means = (
        _mean_shares(sources)
        .join(totals, on=_LABEL, maintain_order="left")
        .with_columns(pl.col("error_rate") / pl.col("n_datasets"), is_macro=pl.lit(value=True))
    )
    return means.with_columns(label=pl.col("label") + MACRO)


def _mean_shares(sources: pl.DataFrame) -> pl.DataFrame:
    """Mean shares of the datasets with errors, with the interval of Zou and Donner (2008).

    It adds up the squared distances of the datasets' own limits from their shares ("MOVER"), so
    that a dataset with few errors, or none in the category, has its say.
    """
    key = [*_LABEL, "dataset"]
    datasets = sources.unique(key, maintain_order=True).select(*key, "n_effective")
    categories = sources.select(*_LABEL, "category_id").unique(maintain_order=True)
    own = sources.drop("n_effective")
    crossed = (
        datasets.join(categories, on=_LABEL, maintain_order="left_right")
        .join(own, on=[*key, "category_id"], how="left", maintain_order="left")
        .with_columns(pl.col("n_errors", "error_share", "error_rate").fill_null(0))
    )
    share, n = pl.col("error_share"), pl.len()
    below = ((share - pl.col("error_share_low")) ** 2).sum().sqrt() / n
    above = ((pl.col("error_share_high") - share) ** 2).sum().sqrt() / n
    return (
        with_intervals(crossed)
        .group_by([*_LABEL, "category_id"], maintain_order=True)
        .agg(
            pl.sum("n_errors", "error_rate"),
            share.mean(),
            error_share_low=(share.mean() - below).clip(0.0, 1.0),
            error_share_high=(share.mean() + above).clip(0.0, 1.0),
            n_effective=n**2 / (1 / pl.col("n_effective")).sum(),
        )
    )
