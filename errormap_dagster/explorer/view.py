"""What a page is asked for: the parameters of its URL, checked, beside the tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from errormap_dagster.errors import ErrorMapError
from errormap_dagster.queries.errors import (
    Version,
    datasets_of,
    models_of,
    places,
    reported_version,
    versions,
)
from errormap_dagster.queries.tables import Tables

_MOST_LISTED = 30


class BadStateError(ErrorMapError):
    """A URL asks for something that is not there."""


class Page(NamedTuple):
    """What a page shows: its template and what stands in it."""

    template: str
    context: dict[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """A question to a page."""

    tables: Tables
    params: Mapping[str, str]

    def text(self, name: str) -> str | None:
        """A parameter as it is; None when it is missing or empty."""
        return self.params.get(name, "").strip() or None

    def choice(self, name: str, allowed: Sequence[str], default: str | None) -> str | None:
        """A parameter that must be one of a list.

        Raises:
            BadStateError: it is not; the message names what is allowed.
        """
        value = self.text(name)
        if value is None:
            return default
        if value not in allowed:
            known = ", ".join(allowed[:_MOST_LISTED])
            more = len(allowed) - _MOST_LISTED
            rest = f" and {more} more" if more > 0 else ""
            raise BadStateError(f"{name} is {value!r}; there are: {known}{rest}.")
        return value

    def flag(self, name: str) -> bool:
        """Whether something is switched on."""
        return self.text(name) == "on"

    def number(self, name: str, default: int, highest: int) -> int:
        """A whole number from 1.

        Raises:
            BadStateError: it is no number, or out of range.
        """
        value = self.text(name) or str(default)
        if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= highest:
            raise BadStateError(f"{name} is {value!r}; it must be a number from 1 to {highest}.")
        return int(value)

    def version(self, name: str = "taxonomy") -> Version:
        """A taxonomy version such as ``atlas@1``; the reported one when none is named.

        Raises:
            BadStateError: there is no such version.
        """
        known = {str(version): version for version in versions(self.tables)}
        chosen = self.choice(name, list(known), None)
        return known[chosen] if chosen else reported_version(self.tables)

    def dataset(self) -> str | None:
        """The dataset; None for all.

        Raises:
            BadStateError: there is no such dataset.
        """
        return self.choice("dataset", datasets_of(self.tables), None)

    def model(self, name: str = "model", dataset: str | None = None) -> str | None:
        """A model; None for all.

        Raises:
            BadStateError: there is no such model, or not on the dataset.
        """
        return self.choice(name, models_of(self.tables, dataset), None)

    def category(self, version: Version, name: str = "category") -> str | None:
        """The id of a category of a version, or the status of errors without one.

        Raises:
            BadStateError: there is no such category.
        """
        known = [*places(self.tables, version), "other", "unassigned"]
        return self.choice(name, known, None)
