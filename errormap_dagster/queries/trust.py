"""How far the judge can be trusted: the figures of the trust card, and the readings behind them."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from errormap_dagster.domain.trust import OVERALL, Kind, top_categories
from errormap_dagster.queries.errors import Version, category_name, error_rows, places
from errormap_dagster.queries.tables import Tables

TABLE = "judge_trust"
READINGS = "judge_reviews"
SHARES = "corrected_shares"
READERS = {
    Kind.HUMAN.value: "People",
    Kind.SECOND_JUDGE.value: "A second judge",
    Kind.REPEAT.value: "The judge asked again",
}
"""Who read a second time, by kind, in the order of the card."""


@dataclass(frozen=True, slots=True)
class Card:
    """The judge against one kind of second reader.

    Attributes:
        kind: human, second_judge or repeat.
        overall: the row of ``judge_trust`` for all answers together.
        categories: its rows for each answer, each with its name; those judged most often first.
    """

    kind: str
    overall: dict[str, Any]
    categories: list[dict[str, Any]]


def trust_cards(tables: Tables, version: Version) -> list[Card]:
    """The card of each kind of reader under a version; none until the table is made."""
    if not tables.has(TABLE):
        return []
    rows = tables.frame(TABLE).filter(
        pl.col("taxonomy") == version.taxonomy, pl.col("version") == version.number
    )
    known = places(tables, version)
    cards: list[Card] = []
    for kind in READERS:
        of_kind = rows.filter(pl.col("kind") == kind)
        overall = of_kind.filter(pl.col("category_id") == OVERALL).to_dicts()
        rest = of_kind.filter(pl.col("category_id") != OVERALL)
        ordered = rest.sort(["n_judged", "category_id"], descending=[True, False]).to_dicts()
        named = [{**row, "name": category_name(known, row["category_id"])} for row in ordered]
        cards += [Card(kind, row, named) for row in overall]
    return cards


def corrected_rows(
    tables: Tables, version: Version, model: str, dataset: str
) -> list[dict[str, Any]]:
    """A model's shares, raw and corrected, the largest first, each with its answer's name.

    None until people have reviewed enough for a correction.
    """
    if not tables.has(SHARES):
        return []
    known = places(tables, version)
    rows = tables.frame(SHARES).filter(
        pl.col("taxonomy") == version.taxonomy,
        pl.col("version") == version.number,
        pl.col("model") == model,
        pl.col("dataset") == dataset,
    )
    ordered = rows.sort(["raw_share", "category_id"], descending=[True, False]).to_dicts()
    return [{**row, "name": category_name(known, row["category_id"])} for row in ordered]


def disagreements(tables: Tables, version: Version, kind: str, most: int) -> list[dict[str, Any]]:
    """Failures to which a second reader gave another answer than the judge, by id.

    Args:
        tables: of the home.
        version: of the taxonomy.
        kind: of the second reader.
        most: so many of them.

    Returns:
        prediction_id, dataset, model, example_id, judged, said (names of answers), reviewer, note.
    """
    if not tables.has(READINGS):
        return []
    known = places(tables, version)
    tops = top_categories([place.category for place in known.values()])
    said = tables.frame(READINGS).filter(
        pl.col("kind") == kind,
        pl.col("taxonomy") == version.taxonomy,
        pl.col("version") == version.number,
        ~pl.col("answer").is_in(["unclear", "judge_failed"]),
    )
    judged = pl.coalesce("category_id", "outcome").replace(tops)
    columns = ["prediction_id", "dataset", "model", "example_id"]
    errors = error_rows(tables, version).select(*columns, judged=judged)
    rows = (
        said.select("prediction_id", "reviewer", "note", said=pl.col("answer").replace(tops))
        .join(errors, on="prediction_id")
        .filter(pl.col("said") != pl.col("judged"))
        .sort("prediction_id", "reviewer")
        .head(most)
    )
    return [
        {**row, **{name: category_name(known, row[name]) for name in ("judged", "said")}}
        for row in rows.iter_rows(named=True)
    ]
