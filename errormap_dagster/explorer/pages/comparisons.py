"""Two models on the same examples."""

import shlex
from typing import Any

from errormap_dagster.explorer.view import BadStateError, Page, View
from errormap_dagster.presentation.scales import top_of
from errormap_dagster.presentation.sentences import unnamed_difference
from errormap_dagster.queries.comparison import compare
from errormap_dagster.queries.errors import (
    OUTCOMES,
    WITHOUT_CATEGORY,
    datasets_of,
    judges_of,
    models_of,
    places,
    versions,
)
from errormap_dagster.queries.failures import Wanted, find_failures, with_quotes
from errormap_dagster.queries.quality import unstable_categories
from errormap_dagster.queries.signatures import depths
from errormap_dagster.queries.significance import ANY_FAILURE, Difference, differences

_DEEPEST = 3
_EXAMPLES = 5


def show(view: View) -> Page:
    """The page.

    Raises:
        BadStateError: one model is named and not the other, or the two are one.
    """
    version, dataset = view.version(), view.dataset()
    first, second = view.model("a", dataset), view.model("b", dataset)
    if first and first == second:
        raise BadStateError(f"a and b are both {first!r}; choose two models.")
    compared = _compared(view, first, second) if first and second else {"comparison": None}
    return Page(
        "comparisons.html.j2",
        {
            "title": "Compare",
            "version": str(version),
            "versions": versions(view.tables),
            "dataset": dataset,
            "datasets": datasets_of(view.tables),
            "depth": view.number("depth", 1, _DEEPEST),
            "depths": depths(view.tables, version),
            "a": first,
            "b": second,
            "models": models_of(view.tables, dataset),
            "known": places(view.tables, version),
            "unstables": unstable_categories(view.tables, version),
            "outcomes": OUTCOMES,
            **compared,
        },
    )


def _command(first: str, second: str, dataset: str | None) -> str:
    """What a person types to have the two models tested."""
    words = ["errormap", "compare", first, second, *(("--dataset", dataset) if dataset else ())]
    return shlex.join(words)


def _remark(view: View, tested: list[Difference] | None) -> str | None:
    """That most of the difference has no name, where that is so."""
    told = {row.category_id: row for row in tested or []}
    total, unnamed = told.get(ANY_FAILURE), told.get("unassigned")
    if total is None or unnamed is None or not total.is_significant:
        return None
    return unnamed_difference(total.difference, unnamed.difference, judges_of(view.tables))


def _compared(view: View, first: str, second: str) -> dict[str, Any]:
    version, dataset = view.version(), view.dataset()
    depth = view.number("depth", 1, _DEEPEST)
    found = compare(view.tables, version, first, second, dataset, depth)
    named = [row for row in found.contrasts if row.category_id not in WITHOUT_CATEGORY]
    cells = [cell for row in named for cell in (row.first, row.second) if cell]
    only_first = Wanted(dataset=dataset, model=first, outcome="assigned", other_model=second)
    rows = find_failures(view.tables, version, only_first).head(_EXAMPLES)
    tested = differences(view.tables, version, first, second, dataset)
    return {
        "comparison": found,
        "differences": tested,
        "remark": _remark(view, tested),
        "command": _command(first, second, dataset),
        "top": top_of(cell.high for cell in cells),
        "examples": with_quotes(view.tables, rows).to_dicts(),
    }
