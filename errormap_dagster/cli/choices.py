"""Closed lists of the command line's options."""

from enum import StrEnum


class TaxonomyFormat(StrEnum):
    """What a taxonomy is written as."""

    YAML = "yaml"
    SKOS = "skos"


class FailOn(StrEnum):
    """What a regression is: all failures together rise, or those of any category."""

    FAILURES = "failures"
    CATEGORIES = "categories"
