"""Which categories of a base the groups of a new taxonomy continue: by the errors they share."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from errormap_dagster.domain.records import Category, JudgedError
from errormap_dagster.domain.taxonomy import category_paths
from errormap_dagster.judge.embedded.classification import classify_errors

_MOST: Final = 0.5
"""A group continues a category when this share of either lies in the other."""


class BaseMembers:
    """The categories to build on, with the errors that belong in each as it stands."""

    def __init__(self, errors: Sequence[JudgedError], base: Sequence[Category]) -> None:
        """Put the errors into the base."""
        self.by_id = {category.category_id: category for category in base}
        paths = category_paths(base)
        self._members: dict[str, set[str]] = defaultdict(set)
        for answer in classify_errors(errors, base) if base else ():
            for step in paths[answer.category_id] if answer.category_id else ():
                self._members[step].add(answer.prediction_id)

    def continued(
        self, groups: Sequence[Sequence[JudgedError]], depth: int
    ) -> list[tuple[str, ...]]:
        """For each group the ids of the categories of a depth that it continues."""
        members = [{error.prediction_id for error in group} for group in groups]
        return [tuple(self._shared(own, depth)) for own in members]

    def _shared(self, own: set[str], depth: int) -> list[str]:
        sizes: Mapping[str, int] = {
            category_id: len(own & self._members[category_id])
            for category_id, category in self.by_id.items()
            if category.depth == depth
        }
        linked = [
            category_id
            for category_id, n in sizes.items()
            if n and n >= _MOST * min(len(own), len(self._members[category_id]))
        ]
        return sorted(linked, key=lambda category_id: (-sizes[category_id], category_id))
