"""Reading a taxonomy of whatever file: by its ending YAML or SKOS."""

import re
from dataclasses import dataclass
from pathlib import Path

from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import TaxonomyError, validate_categories
from errormap_dagster.errors import SettingsError
from errormap_dagster.taxonomy_files.skos_reading import FORMATS, read_skos
from errormap_dagster.taxonomy_files.taxonomy_file import NAME_PATTERN, read_taxonomy

ENDINGS = frozenset({".yaml", ".yml", *FORMATS})
"""Endings of the names of files that may hold a taxonomy."""


@dataclass(frozen=True, slots=True)
class TaxonomySource:
    """A file to read a taxonomy from.

    Attributes:
        path: YAML, or SKOS where it ends in .ttl, .rdf or .xml.
        name: of the taxonomy, instead of what the file says.
        language: of the texts of a SKOS file that has several.
    """

    path: Path
    name: str | None = None
    language: str | None = None


def read_taxonomy_file(source: TaxonomySource) -> tuple[str, list[Category]]:
    """The name and the categories of a file, parents before children.

    Raises:
        SettingsError: the file is no taxonomy; names file, place and remedy.
        TaxonomyError: its categories are no usable tree.
    """
    path = source.path
    if path.suffix.lower() in FORMATS:
        told, categories = read_skos(path, source.language)
    else:
        told, categories = read_taxonomy(path)
    name = source.name or told or ""
    if not re.fullmatch(NAME_PATTERN, name):
        raise SettingsError(
            f"{path}: {name!r} is no name of a taxonomy. Give it one of small letters, digits, - "
            "and _, such as --name team."
        )
    try:
        validate_categories(categories)
    except TaxonomyError as error:
        raise TaxonomyError(f"{path}: {error}") from error
    return name, categories
