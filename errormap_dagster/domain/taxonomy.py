"""Taxonomies as trees of categories: what makes a tree, and what follows from one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from errormap_dagster.domain.identity import content_id
from errormap_dagster.domain.records import Category
from errormap_dagster.errors import ErrorMapError

DEEPEST = 3
_VAGUE = re.compile(r"(?i)^(other|others|various|misc|miscellaneous|general|unknown)( errors?)?$")
PATH_JOINT = " > "


class TaxonomyError(ErrorMapError):
    """A list of categories is no usable tree."""


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
    ruled: set[str | None] = set()
    for category in categories:
        where = f"Category {category.category_id!r} ({category.name!r})"
        if category.category_id in depths:
            raise TaxonomyError(f"{where}: the id occurs twice. Ids must be unique.")
        _validate_place(category, depths, where)
        if is_vague(category.name):
            raise TaxonomyError(f"{where}: the name says nothing. Name what went wrong.")
        if (category.parent_category_id, category.name) in siblings:
            raise TaxonomyError(f"{where}: a sibling has the same name. Rename or merge them.")
        if category.parent_category_id in ruled:
            raise TaxonomyError(f"{where}: it lies below a category with a rule or a list.")
        if category.rule is not None or category.listed_prediction_ids:
            ruled.add(category.category_id)
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
    parts: list[str | int | None] = []
    for category in sorted(categories, key=lambda c: c.category_id):
        told = asdict(category)
        listed = told.pop("listed_prediction_ids")
        parts += [*told.values(), len(listed), *sorted(listed)]
    return content_id(*parts, length=64)


def categories_from(frame: pl.DataFrame) -> list[Category]:
    """The categories of one version from its rows, parents before children."""
    rows = frame.sort("depth", "priority", "category_id").drop("taxonomy", "version")
    return [category_of(row) for row in rows.iter_rows(named=True)]


def category_of(values: Mapping[str, Any]) -> Category:
    """A category from its fields, as rows and documents hold them."""
    listed = {"listed_prediction_ids": tuple(values["listed_prediction_ids"])}
    fields: dict[str, Any] = {**values, **listed}
    return Category(**fields)
