"""Taxonomies as trees of categories, and as rows of the three taxonomy tables."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple

import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.identity import content_id
from errormap_dagster.domain.records import Category
from errormap_dagster.errors import ErrorMapError

DEEPEST = 3
_VAGUE = re.compile(r"(?i)^(other|others|various|misc|miscellaneous|general|unknown)( errors?)?$")
PATH_JOINT = " > "


class TaxonomyError(ErrorMapError):
    """A list of categories is no usable tree."""


@dataclass(frozen=True, slots=True)
class VersionOrigin:
    """Where a taxonomy version comes from. ``judge`` is None for a taxonomy that was shipped."""

    judge: str | None
    n_errors: int
    reason: str
    created_at: datetime
    run_id: str


class TaxonomyFrames(NamedTuple):
    """Rows of taxonomy_versions, taxonomy_categories and taxonomy_changes."""

    versions: pl.DataFrame
    categories: pl.DataFrame
    changes: pl.DataFrame


def is_vague(name: str) -> bool:
    """Whether a category's name says nothing of what goes wrong."""
    return not name.strip() or _VAGUE.match(name.strip()) is not None


def validate_categories(categories: Sequence[Category]) -> None:
    """Make sure that categories form a tree, parents before children.

    Raises:
        TaxonomyError: names the category and what is wrong with it.
    """
    depths: dict[str, int] = {}
    siblings: set[tuple[str | None, str]] = set()
    for category in categories:
        where = f"Category {category.category_id!r} ({category.name!r})"
        if category.category_id in depths:
            raise TaxonomyError(f"{where}: the id occurs twice. Ids must be unique.")
        _validate_place(category, depths, where)
        if is_vague(category.name):
            raise TaxonomyError(f"{where}: the name says nothing. Name what went wrong.")
        if (category.parent_category_id, category.name) in siblings:
            raise TaxonomyError(f"{where}: a sibling has the same name. Rename or merge them.")
        depths[category.category_id] = category.depth
        siblings.add((category.parent_category_id, category.name))


def _validate_place(category: Category, depths: dict[str, int], where: str) -> None:
    parent = category.parent_category_id
    if parent is not None and parent not in depths:
        raise TaxonomyError(f"{where}: its parent {parent!r} does not come before it.")
    expected = depths[parent] + 1 if parent is not None else 1
    if category.depth != expected or expected > DEEPEST:
        raise TaxonomyError(
            f"{where}: depth is {category.depth}, its place in the tree is {expected}, and the "
            f"deepest allowed is {DEEPEST}."
        )


def category_paths(categories: Iterable[Category]) -> dict[str, list[str]]:
    """For each category the ids from the top of the tree down to it, itself included."""
    paths: dict[str, list[str]] = {}
    for category in categories:
        above = paths[category.parent_category_id] if category.parent_category_id else []
        paths[category.category_id] = [*above, category.category_id]
    return paths


def named_paths(categories: Sequence[Category]) -> dict[str, str]:
    """For each category the names from the top of the tree down to it, as one text."""
    names = {category.category_id: category.name for category in categories}
    return {
        category_id: PATH_JOINT.join(names[step] for step in path)
        for category_id, path in category_paths(categories).items()
    }


def leaves(categories: Sequence[Category]) -> list[Category]:
    """The categories that have none below them."""
    parents = {category.parent_category_id for category in categories}
    return [category for category in categories if category.category_id not in parents]


def content_hash(categories: Sequence[Category]) -> str:
    """SHA-256 over all that a version's categories say."""
    parts = [
        part
        for category in sorted(categories, key=lambda c: c.category_id)
        for part in asdict(category).values()
    ]
    return content_id(*parts, length=64)


def first_version(
    taxonomy: str, categories: Sequence[Category], origin: VersionOrigin
) -> TaxonomyFrames:
    """Version 1 of a taxonomy as rows: every category is an addition.

    Raises:
        TaxonomyError: the categories are no usable tree.
    """
    validate_categories(categories)
    key = {"taxonomy": taxonomy, "version": 1}
    version = {
        **key,
        "status": "approved",
        "parent_version": None,
        "content_hash": content_hash(categories),
        "n_categories": len(categories),
        "n_errors": origin.n_errors,
        "judge": origin.judge,
        "created_at": origin.created_at,
        "run_id": origin.run_id,
    }
    changes = [
        {
            **key,
            "change_id": content_id(taxonomy, 1, "added", category.category_id),
            "change_type": "added",
            "from_category_ids": [],
            "to_category_ids": [category.category_id],
            "reason": origin.reason,
            "actor": origin.judge or "errormap_dagster",
        }
        for category in categories
    ]
    rows = [{**key, **asdict(category)} for category in categories]
    return TaxonomyFrames(
        pl.DataFrame([version], schema=polars_schema("taxonomy_versions")),
        pl.DataFrame(rows, schema=polars_schema("taxonomy_categories")),
        pl.DataFrame(changes, schema=polars_schema("taxonomy_changes")),
    )


def categories_from(frame: pl.DataFrame) -> list[Category]:
    """The categories of one version from its rows, parents before children."""
    rows = frame.sort("depth", "priority", "category_id").drop("taxonomy", "version")
    return [Category(**row) for row in rows.iter_rows(named=True)]
