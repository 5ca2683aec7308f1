"""A taxonomy as a YAML file: a team's own is written like this, and any version can be exported."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errormap_dagster.domain.edit_replay import USER
from errormap_dagster.domain.identity import content_id
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import validate_categories
from errormap_dagster.errors import SettingsError
from errormap_dagster.taxonomy_files.edits_file import Rule, Text

NAME_PATTERN = r"^[a-z][a-z0-9_-]*$"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    description: Text
    id: Text | None = None
    example: str = ""
    counter_example: str = ""
    priority: Annotated[int, Field(ge=1)] = 1
    origin: Text = USER
    rule: Rule | None = None
    prediction_ids: tuple[Text, ...] = ()
    categories: tuple["_Entry", ...] = ()


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    taxonomy: Annotated[str, Field(pattern=NAME_PATTERN)]
    categories: Annotated[tuple[_Entry, ...], Field(min_length=1)]


def read_taxonomy(path: Path) -> tuple[str, list[Category]]:
    """The name and the categories of a file, parents before children.

    A category without an id gets one of its name and place.

    Raises:
        SettingsError: the file is no taxonomy; names file, place and what is allowed.
        TaxonomyError: its categories are no usable tree.
    """
    try:
        document = _Document.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read as YAML: {error}") from error
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors())
        allowed = ", ".join(_Entry.model_fields)
        raise SettingsError(f"{path}: {told}. Keys of a category: {allowed}.") from error
    categories = _level(document.categories, None, 1)
    validate_categories(categories)
    return document.taxonomy, categories


def _level(entries: Sequence[_Entry], parent: str | None, depth: int) -> list[Category]:
    placed: list[Category] = []
    for entry in entries:
        key = entry.id or f"{USER}.{content_id(parent, entry.name, length=12)}"
        placed.append(
            Category(
                category_id=key,
                parent_category_id=parent,
                depth=depth,
                name=entry.name,
                description=entry.description,
                example=entry.example,
                counter_example=entry.counter_example,
                priority=entry.priority,
                origin=entry.origin,
                rule=entry.rule,
                listed_prediction_ids=entry.prediction_ids,
            )
        )
        placed += _level(entry.categories, key, depth + 1)
    return placed


def taxonomy_text(taxonomy: str, categories: Sequence[Category]) -> str:
    """A version as the text of such a file; reading it back gives the same categories."""
    document = {"taxonomy": taxonomy, "categories": _entries(categories, None)}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def _entries(categories: Sequence[Category], parent: str | None) -> list[dict[str, Any]]:
    return [
        {
            "id": category.category_id,
            "name": category.name,
            "description": category.description,
            "example": category.example,
            "counter_example": category.counter_example,
            "priority": category.priority,
            "origin": category.origin,
            **({"rule": category.rule} if category.rule is not None else {}),
            **(
                {"prediction_ids": list(category.listed_prediction_ids)}
                if category.listed_prediction_ids
                else {}
            ),
            **({"categories": below} if below else {}),
        }
        for category in categories
        if category.parent_category_id == parent
        for below in [_entries(categories, category.category_id)]
    ]
