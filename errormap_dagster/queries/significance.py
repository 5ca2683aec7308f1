"""Whether two models differ by more than chance: what ``model_comparisons`` says of a pair."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from errormap_dagster.domain.signature import ALL_DATASETS
from errormap_dagster.queries.errors import Version, category_name, places
from errormap_dagster.queries.tables import Tables

TABLE = "model_comparisons"
ANY_FAILURE = "any"
"""The category that stands for all failures together."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more often one model fails in a category than another, on the same examples.

    Attributes:
        category_id: the category, or ``any``.
        name: its name.
        n_pairs: examples of both.
        n_only_first: failures of the first in the category where the second is right.
        n_only_second: the other way round.
        rate_first: share of the pairs in which the first fails in the category, 0 to 1.
        rate_second: that of the second.
        difference: rate_first - rate_second.
        low: lower end of its 95 % interval.
        high: upper end of it.
        q_value: of the test, adjusted for the number of categories.
        is_significant: whether the q-value is small enough by the settings.
        test: the test's name.
    """

    category_id: str
    name: str
    n_pairs: int
    n_only_first: int
    n_only_second: int
    rate_first: float
    rate_second: float
    difference: float
    low: float
    high: float
    q_value: float
    is_significant: bool
    test: str


def differences(
    tables: Tables, version: Version, first: str, second: str, dataset: str | None
) -> list[Difference] | None:
    """The tests of a pair, all failures first, then the greatest difference.

    None while the pair has not been compared.
    """
    if not tables.has(TABLE):
        return None
    rows = tables.frame(TABLE).filter(
        pl.col("taxonomy") == version.taxonomy,
        pl.col("version") == version.number,
        pl.col("dataset") == (dataset or ALL_DATASETS),
        pl.concat_list("model_a", "model_b").list.sort() == pl.lit(sorted([first, second])),
    )
    names = places(tables, version)
    told = [_difference(row, first, names) for row in rows.iter_rows(named=True)]
    return sorted(told, key=_importance) or None


def _importance(difference: Difference) -> tuple[bool, float, str]:
    name = difference.category_id
    return name != ANY_FAILURE, -abs(difference.difference), name


def _difference(row: dict[str, Any], first: str, names: dict[str, Any]) -> Difference:
    # The table tells b - a; a page tells its first model less its second.
    is_turned = row["model_a"] != first
    sign = 1 if is_turned else -1
    ends = sorted((sign * row["rate_difference_low"], sign * row["rate_difference_high"]))
    one, other = ("b", "a") if is_turned else ("a", "b")
    only = [row["n_fixed"], row["n_broken"]]
    category = row["category_id"]
    return Difference(
        category_id=category,
        name="all failures" if category == ANY_FAILURE else category_name(names, category),
        n_pairs=row["n_pairs"],
        n_only_first=only[is_turned],
        n_only_second=only[not is_turned],
        rate_first=row[f"rate_{one}"],
        rate_second=row[f"rate_{other}"],
        difference=sign * row["rate_difference"],
        low=ends[0],
        high=ends[1],
        q_value=row["q_value"],
        is_significant=row["is_significant"],
        test=row["test"],
    )
