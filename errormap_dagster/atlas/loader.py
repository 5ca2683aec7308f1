"""Reads the fixed taxonomy that the package ships."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import validate_categories

ID_PREFIX = "atlas."
_FILE = Path(__file__).with_name("atlas.yaml")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    origin: Literal["erroratlas_confirmed", "erroratlas_probable", "errormap_dagster"]
    priority: int
    description: str
    example: str
    counter_example: str


class _Atlas(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: list[_Entry]


def load_atlas() -> list[Category]:
    """The categories of the atlas, one level, by priority.

    Raises:
        TaxonomyError: the shipped file is no usable taxonomy.
    """
    document = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    entries = sorted(_Atlas.model_validate(document).categories, key=lambda e: e.priority)
    categories = [
        Category(
            category_id=f"{ID_PREFIX}{entry.id}",
            parent_category_id=None,
            depth=1,
            **entry.model_dump(exclude={"id"}),
        )
        for entry in entries
    ]
    validate_categories(categories)
    return categories
