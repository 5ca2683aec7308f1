"""A home of an older release keeps its taxonomies, category for category."""

import shutil
from pathlib import Path

import polars as pl

from errormap_dagster.project import Project
from errormap_dagster.stages.taxonomies import ATLAS, load_taxonomies, make_taxonomies
from errormap_dagster.store import Store

ADDED = {
    "taxonomy_versions": ["errors_hash", "prompt_version", "actor", "reason"],
    "taxonomy_categories": ["rule", "listed_prediction_ids"],
}
"""The columns that the tables of then did not have."""


def age(store: Store) -> None:
    """Make the tables what an older release would have written."""
    for table, columns in ADDED.items():
        rows = store.read(table).drop(columns)
        if table == "taxonomy_versions":
            rows = rows.with_columns(n_errors=pl.lit(7, pl.Int64))
        rows.write_parquet(store.folder(table) / "part.parquet")
    for table in ("taxonomy_decisions", "taxonomy_changes"):
        shutil.rmtree(store.folder(table))


def test_an_older_home_keeps_its_categories_and_says_what_is_not_known(tmp_path: Path) -> None:
    project = Project.open(tmp_path)
    assert make_taxonomies(project, "first run") == [ATLAS]
    before = load_taxonomies(project)
    age(project.store)
    assert make_taxonomies(project, "second run") == []
    after = load_taxonomies(project)
    assert after.categories.equals(before.categories)
    assert after.versions["content_hash"].to_list() == before.versions["content_hash"].to_list()
    [version] = after.versions.iter_rows(named=True)
    assert (version["status"], version["n_errors"], version["run_id"]) == (
        "approved",
        7,
        "first run",
    )
    assert set(after.decisions["reason"]) == {"made by a release that did not keep why"}
    assert after.changes.height == before.changes.height
