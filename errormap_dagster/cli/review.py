"""``errormap review``: a sample of the judge's errors out, the answers of people in."""

from pathlib import Path

import polars as pl

from errormap_dagster.cli import console
from errormap_dagster.cli.export import write_frame
from errormap_dagster.cli.gold import LONGEST_CELL
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.project import Project
from errormap_dagster.queries.errors import Version
from errormap_dagster.queries.tables import Tables
from errormap_dagster.queries.trust import trust_cards
from errormap_dagster.report.trust import trust_sentence
from errormap_dagster.stages.results import reported_version
from errormap_dagster.stages.reviews import import_reviews, review_sample
from errormap_dagster.stages.taxonomies import versions_in_force
from errormap_dagster.stages.trust import is_read_again, make_trust

_TO_FILL_IN = ("category", "reviewer", "note")
_SHOWN = ("dataset", "model", "example_id", "input_text", "correct_answer", "output_text")
_OF_THE_JUDGE = ("judge_category", "error_title", "error_summary")


def export_sample(
    home: Path | None, to: Path, taxonomy: str | None, n: int | None, *, shows_judge: bool
) -> int:
    """Write failures for people to review, with their texts and room for a category.

    Raises:
        ErrorMapError: the file cannot be written, or there is no such taxonomy.
        TableMissingError: nothing has been judged yet.
    """
    project = Project.open(home)
    key = _version(project, taxonomy)
    sample = review_sample(project, key, n or project.settings.trust.sample)
    texts = [name for name in _SHOWN if name.endswith(("_text", "_answer"))]
    rows = sample.rename({"category": "judge_category"}).with_columns(
        pl.col(texts).str.head(LONGEST_CELL),
        taxonomy=pl.lit(key.taxonomy),
        version=pl.lit(key.version),
        **{name: pl.lit(None, pl.String) for name in _TO_FILL_IN},
    )
    shown = [*_SHOWN, *(_OF_THE_JUDGE if shows_judge else ())]
    write_frame(rows.select("prediction_id", "taxonomy", "version", *_TO_FILL_IN, *shown), to)
    console.say(f"{rows.height} failures written to {to}, in the order in which to review them")
    console.say(
        f"Write under category a name of `errormap taxonomy show {key.taxonomy}@{key.version}`, "
        "other, no error or unclear, then: errormap review import FILE --reviewer NAME"
    )
    return 0


def _version(project: Project, taxonomy: str | None) -> VersionKey:
    if taxonomy is None:
        return VersionKey(*reported_version(project))
    in_force = {key.taxonomy: key for key in versions_in_force(project)}
    if taxonomy not in in_force:
        known = ", ".join(in_force) or "none yet"
        raise ErrorMapError(f"--taxonomy {taxonomy}: the taxonomies in force are: {known}.")
    return in_force[taxonomy]


def take_reviews(home: Path | None, path: Path, reviewer: str | None) -> int:
    """Keep the reviews of a file and count them.

    Raises:
        ErrorMapError: a row cannot be used; nothing of the file is kept.
    """
    project = Project.open(home)
    with project.home.alone():
        n_reviews = import_reviews(project, path, reviewer)
        is_counted = is_read_again(project)
        if is_counted:
            make_trust(project)
    console.say(f"{n_reviews} reviews kept in {project.home.error_reviews}")
    if not is_counted:
        console.say("`errormap run` counts them, after what the judges have to read again.")
        return 0
    tables = Tables(project.store)
    for key in versions_in_force(project):
        version = Version(*key)
        for card in trust_cards(tables, version)[:1]:
            console.say(f"{version}: {trust_sentence(card)}")
    console.say("`errormap run` takes them into the views, the explorer and the report.")
    return 0
