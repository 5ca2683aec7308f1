"""What the categories of one taxonomy are in another, by the errors that both have assigned.

The errors decide where there are enough of them; where there are not, the words do: the category
of the other taxonomy that a judge chooses for the name, description and example. A category
without any is matched with none.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.records import Category, Classification, JudgedError
from errormap_dagster.domain.taxonomy import category_paths

_SAME: Final = 0.8
"""Two categories are the same when this share of either lies in the other."""
_MOST: Final = 0.6
"""A category lies in another one when this share of its errors does."""
_SOME: Final = 0.3
_FEWEST: Final = 5
"""With fewer errors in common the words decide."""


class Relation(StrEnum):
    """What the other category is to the one in question."""

    EXACT = "exact"
    BROADER = "broader"
    NARROWER = "narrower"
    RELATED = "related"
    NONE = "none"


class Match(NamedTuple):
    """What a category of the atlas is to a category of another taxonomy."""

    category_id: str
    atlas_category_id: str
    relation: Relation


class Side(NamedTuple):
    """A taxonomy version with its assignments: prediction_id, category_id, status."""

    version: int
    categories: Sequence[Category]
    assignments: pl.DataFrame


class _Overlap(NamedTuple):
    """Errors of two categories, counted over those that both taxonomies have assigned."""

    n_errors: int
    n_shared: int
    n_other: int

    @property
    def within(self) -> float:
        return self.n_shared / self.n_errors if self.n_errors else 0.0

    @property
    def covering(self) -> float:
        return self.n_shared / self.n_other if self.n_other else 0.0

    @property
    def jaccard(self) -> float:
        either = self.n_errors + self.n_other - self.n_shared
        return self.n_shared / either if either else 0.0


def as_errors(categories: Sequence[Category]) -> list[JudgedError]:
    """Categories as a judge can classify them: the name as the title, what it says as the summary.

    Their ids stand in place of those of predictions.
    """
    return [
        JudgedError(
            category.category_id, category.name, f"{category.description} {category.example}"
        )
        for category in categories
    ]


def crosswalk_rows(
    taxonomy: str, own: Side, atlas: Side, by_words: Sequence[Classification]
) -> pl.DataFrame:
    """Rows of ``taxonomy_crosswalk``, one for each category of a version.

    Args:
        taxonomy: the name of the taxonomy.
        own: its version.
        atlas: the atlas's version.
        by_words: the judge's choice for each category of ``as_errors``, of the atlas's categories.
    """
    answers = {answer.prediction_id: answer for answer in by_words}
    here, there = _members(own, atlas), _members(atlas, own)
    rows: list[dict[str, object]] = []
    for category in own.categories:
        errors = here[category.category_id]
        counts = {
            other: _Overlap(len(errors), len(errors & theirs), len(theirs))
            for other, theirs in there.items()
        }
        nearest = min(counts, key=lambda i: (-counts[i].jaccard, i), default=None)
        answer = answers.get(category.category_id)
        said = answer.category_id if answer else None
        told = _relation(counts, nearest, answer)
        chosen = told["atlas_category_id"]
        overlap = counts.get(str(chosen), _Overlap(len(errors), 0, 0))
        seen = nearest if nearest and counts[nearest].n_shared >= _FEWEST else None
        rows.append(
            {
                "taxonomy": taxonomy,
                "version": own.version,
                "category_id": category.category_id,
                "atlas_version": atlas.version,
                **told,
                "n_errors": overlap.n_errors,
                "n_shared": overlap.n_shared,
                "n_atlas": overlap.n_other,
                "text_category_id": said,
                "is_agreed": said == seen if said and seen else None,
            }
        )
    return pl.DataFrame(rows, schema=polars_schema("taxonomy_crosswalk")).sort("category_id")


def _members(side: Side, other: Side) -> Mapping[str, set[str]]:
    """The errors of each category, those below it included, that the other side assigned too."""
    both = set(other.assignments.filter(pl.col("status") == "assigned")["prediction_id"])
    paths = category_paths(side.categories)
    found: dict[str, set[str]] = {category.category_id: set() for category in side.categories}
    rows = side.assignments.filter(pl.col("status") == "assigned")
    for prediction_id, category_id in rows.select("prediction_id", "category_id").iter_rows():
        if prediction_id in both:
            for step in paths[category_id]:
                found[step].add(prediction_id)
    return found


def _relation(
    counts: Mapping[str, _Overlap], nearest: str | None, answer: Classification | None
) -> dict[str, object]:
    if nearest is not None and counts[nearest].n_errors >= _FEWEST:
        containing = max(counts, key=lambda i: (counts[i].within, i))
        wide = counts[containing].within >= _MOST and counts[nearest].jaccard < _MOST
        chosen = containing if wide else nearest
        overlap = counts[chosen]
        relation, confidence = _by_errors(overlap)
        if relation is not Relation.NONE:
            told = (
                f"{overlap.n_shared} of its {overlap.n_errors} errors lie in the atlas's category, "
                f"which has {overlap.n_other}"
            )
            return _row(relation, chosen, confidence, told)
    if answer is not None and answer.category_id is not None:
        told = f"by the words alone ({answer.reason}): too few errors are in both"
        return _row(Relation.RELATED, answer.category_id, answer.confidence / 2, told)
    told = "neither the errors nor the words lead to a category of the atlas"
    return _row(
        Relation.NONE, None, 1.0 - max((c.jaccard for c in counts.values()), default=0.0), told
    )


def _by_errors(overlap: _Overlap) -> tuple[Relation, float]:
    """The relation that the errors show, and the share that it rests on."""
    within, covering = overlap.within, overlap.covering
    larger = max(within, covering)
    if min(within, covering) >= _SAME:
        return Relation.EXACT, min(within, covering)
    if larger >= _MOST:
        return (Relation.BROADER if within >= covering else Relation.NARROWER), larger
    return (Relation.RELATED, larger) if larger >= _SOME else (Relation.NONE, 0.0)


def _row(
    relation: Relation, category_id: str | None, confidence: float, reason: str
) -> dict[str, object]:
    return {
        "atlas_category_id": category_id,
        "relation": relation.value,
        "confidence": min(1.0, max(0.0, confidence)),
        "reason": reason,
    }
