"""The quality of taxonomies over the sample: what is measured, of which version, and once."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from errormap_dagster.paths import demo_dir
from errormap_dagster.project import Project
from errormap_dagster.stages.chain import run_chain
from errormap_dagster.stages.crosswalk import make_crosswalk
from errormap_dagster.stages.novelty import novelty_reports
from errormap_dagster.stages.reports import UNSTABLE, signature_table
from errormap_dagster.stages.taxonomy_quality import make_stability, make_taxonomy_quality

SETTINGS = """
taxonomy: {reported: induced, held_out_share: 0.2, quality: {repeats: 2, unstable_below: %s}}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("quality")
    Project.open(home).home.settings_file.write_text(SETTINGS % 0.5, encoding="utf-8")
    run_chain(
        Project.open(home), [p for p in demo_dir().iterdir() if p.suffix in {".csv", ".jsonl"}]
    )
    return home


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Project:
    """A copy of the home, to be changed at will."""
    shutil.copytree(made, tmp_path / "copy")
    return Project.open(tmp_path / "copy")


def test_every_titled_error_took_part_or_was_held_out(project: Project) -> None:
    inputs = project.store.read("taxonomy_inputs")
    judged = project.store.read("judged_errors")
    titled = judged.filter(
        pl.col("error_title").is_not_null(),
        pl.col("outcome").is_in(["error_found", "wholly_incorrect"]),
    )
    assert set(inputs["prediction_id"]) == set(titled["prediction_id"])
    held_out = int(inputs["is_held_out"].sum())
    quality = project.store.read("taxonomy_quality").filter(pl.col("taxonomy") == "induced")
    assert quality["n_held_out"].item() == held_out > 0
    version = project.store.read("taxonomy_versions").filter(pl.col("taxonomy") == "induced")
    assert version["n_errors"].item() == inputs.height - held_out


def test_the_steps_end_in_the_categories_of_the_version(project: Project) -> None:
    top = project.store.read("taxonomy_steps").filter(pl.col("parent_category_id").is_null())
    listed = {item["name"] for item in json.loads(top["categories"].to_list()[-1])}
    categories = project.store.read("taxonomy_categories").filter(
        pl.col("taxonomy") == "induced", pl.col("depth") == 1
    )
    assert listed == set(categories["name"])


def test_only_what_was_grown_is_grown_again(project: Project) -> None:
    stability = project.store.read("taxonomy_stability")
    assert set(stability["taxonomy"]) == {"induced"}
    assert set(stability["repetition"]) == {1, 2}
    quality = {r["taxonomy"]: r for r in project.store.read("taxonomy_quality").to_dicts()}
    assert (quality["atlas"]["n_repeats"], quality["induced"]["n_repeats"]) == (0, 2)


def test_what_stands_is_not_measured_again(project: Project) -> None:
    assert not make_stability(project)
    assert not make_taxonomy_quality(project)
    assert not make_crosswalk(project)


def test_every_category_has_a_place_in_the_crosswalk(project: Project) -> None:
    categories = project.store.read("taxonomy_categories").filter(pl.col("taxonomy") == "induced")
    crosswalk = project.store.read("taxonomy_crosswalk")
    assert set(crosswalk["category_id"]) == set(categories["category_id"])
    named = crosswalk.filter(pl.col("relation") != "none")
    assert named["atlas_category_id"].null_count() == 0


def test_a_category_that_does_not_hold_is_marked_where_it_is_shown(project: Project) -> None:
    project.home.settings_file.write_text(SETTINGS % 1.0, encoding="utf-8")
    stricter = Project.open(project.home.root)
    make_stability(stricter)
    assert make_taxonomy_quality(stricter)
    rows = stricter.store.read("taxonomy_category_quality").filter("is_unstable")
    names = stricter.store.read("taxonomy_categories").join(rows, on="category_id", how="semi")
    tops = set(names.filter(pl.col("depth") == 1)["name"])
    shown = signature_table(stricter)["category"]
    marked = {name.removesuffix(UNSTABLE) for name in shown if name.endswith(UNSTABLE)}
    assert marked == tops & {name.removesuffix(UNSTABLE) for name in shown}


def test_without_new_errors_there_is_nothing_novel(project: Project) -> None:
    (report,) = novelty_reports(project).values()
    assert report.new.n_errors == 0
    assert not report.is_novel
