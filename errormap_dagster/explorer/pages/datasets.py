"""What a dataset measures."""

from errormap_dagster.explorer.view import Page, View
from errormap_dagster.presentation.scales import top_of
from errormap_dagster.queries.deviations import significant_deviations
from errormap_dagster.queries.errors import WITHOUT_CATEGORY, datasets_of, places, versions
from errormap_dagster.queries.profile import profile
from errormap_dagster.queries.quality import unstable_categories
from errormap_dagster.queries.signatures import depths
from errormap_dagster.queries.similarity import similar_datasets

_DEEPEST = 3
_HARDEST = 20


def show(view: View) -> Page:
    """The page; of the first dataset when none is chosen."""
    version = view.version()
    known = datasets_of(view.tables)
    dataset = view.dataset() or (known[0] if known else "")
    depth = view.number("depth", 1, _DEEPEST)
    found = profile(view.tables, version, dataset, depth)
    named = [spread for spread in found.spreads if spread.category_id not in WITHOUT_CATEGORY]
    return Page(
        "datasets.html.j2",
        {
            "title": "Datasets",
            "version": str(version),
            "versions": versions(view.tables),
            "dataset": dataset,
            "datasets": known,
            "depth": depth,
            "depths": depths(view.tables, version),
            "profile": found,
            "top": top_of(share for spread in named for _, share in spread.points),
            "unstables": unstable_categories(view.tables, version),
            "deviations": significant_deviations(view.tables, version, dataset),
            "known": places(view.tables, version),
            "similar": similar_datasets(view.tables, version, dataset),
            "hardest": found.hardest.head(_HARDEST).to_dicts(),
        },
    )
