"""A taxonomy's history, played through: candidate, approval, roll-back, and what must hold."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
import pytest

from errormap_dagster.domain.growth import Growth
from errormap_dagster.domain.records import Classification
from errormap_dagster.domain.taxonomy_changes import apply_changes
from errormap_dagster.domain.taxonomy_versions import VersionKey, changes_from
from errormap_dagster.judge.interface import ClassificationTask
from errormap_dagster.stages.candidates import edit_candidate, grow_candidate, replay_edits
from errormap_dagster.stages.row_flows import make_row_flow
from errormap_dagster.stages.taxonomies import categories_of, load_taxonomies, versions_in_force
from errormap_dagster.taxonomy_files.edits_file import add_entry
from scripted import TITLES, V1, V2, History, Script, land


def assert_whole(history: History) -> None:
    """What holds after each step, whatever the step was."""
    project = history.project
    changes = history.table("signature_history").drop_nulls("previous_error_share")
    total = changes["error_share"] - changes["previous_error_share"]
    parts = changes["new_failures_change"] + changes["recategorised_change"]
    assert ((total - parts).abs() < 1e-9).all()
    make_row_flow(project)
    assignments = history.table("category_assignments")
    errors = set(history.table("judged_errors")["prediction_id"])
    for key in versions_in_force(project):
        rows = assignments.filter(taxonomy=key.taxonomy, version=key.version)
        assert rows.height == len(errors)
        assert set(rows["prediction_id"]) == errors
    assert assignments.select("prediction_id", "taxonomy", "version").is_duplicated().sum() == 0
    tables = load_taxonomies(project)
    versions = tables.versions.drop_nulls("parent_version")
    for taxonomy, version, parent in versions.select(
        "taxonomy", "version", "parent_version"
    ).iter_rows():
        told = changes_from(tables.changes.filter(taxonomy=taxonomy, version=version))
        base = categories_of(project, VersionKey(taxonomy, parent))
        made = apply_changes(base, [change for change, _ in told])
        assert made == categories_of(project, VersionKey(taxonomy, version))
        flow = history.table("taxonomy_row_flow").filter(taxonomy=taxonomy, to_version=version)
        for end, number in (("from_category_id", parent), ("to_category_id", version)):
            here = assignments.filter(taxonomy=taxonomy, version=number)
            assert flow.filter(pl.col(end) != "absent")["n_errors"].sum() == here.height


@pytest.fixture
def scripted(tmp_path: Path) -> History:
    """Version 1 over one model, and a second model that landed later."""
    history = History(tmp_path / "scripted", Script())
    history.run(land(history, "early", TITLES[:5] * 4))
    assert_whole(history)
    history.run(land(history, "late", TITLES * 3))
    assert_whole(history)
    return history


def test_a_candidate_moves_no_number_and_says_what_it_changes(scripted: History) -> None:
    before = scripted.numbers()
    made = grow_candidate(scripted.project, "run")
    assert made.key == VersionKey("induced", 2)
    assert made.unfounded == ()
    scripted.run()
    assert scripted.numbers() == before
    assert_whole(scripted)
    changes = scripted.table("taxonomy_changes").filter(taxonomy="induced", version=2)
    told = changes.select("change_type", "from_category_ids", "to_category_ids", "agreement")
    assert told.sort("change_type").rows() == [
        ("added", [], ["habits"], "agrees"),
        ("merged", ["signs", "units"], ["details"], "agrees"),
        ("moved", ["layout"], ["layout"], "not_checked"),
        ("renamed", ["format"], ["format"], "agrees"),
        ("split", ["sums"], ["additions", "products"], "agrees"),
    ]
    split = changes.row(by_predicate=pl.col("change_type") == "split", named=True)
    assert (split["n_errors"], split["n_errors_followed"]) == (14, 14)
    assert split["reason"] == "two operations"


def test_approval_reassigns_once_and_a_roll_back_brings_the_numbers_back(
    scripted: History,
) -> None:
    before = scripted.numbers()
    grow_candidate(scripted.project, "run")
    assert scripted.judge is not None
    asked = scripted.judge.n_classified
    scripted.approve(2)
    assert scripted.judge.n_classified == asked, "the candidate's trial was paid for already"
    assert_whole(scripted)
    signatures = scripted.table("signatures").filter(taxonomy="induced")
    assert set(signatures["version"]) == {2}
    assert "details" in set(signatures["category_id"])
    old = scripted.table("category_assignments").filter(taxonomy="induced", version=1)
    assert old.height == 38
    scripted.approve(1)
    assert scripted.numbers() == before
    assert_whole(scripted)
    statuses = scripted.table("taxonomy_decisions").filter(taxonomy="induced")
    assert statuses.select("version", "status", "actor").rows() == [
        (1, "approved", "errormap_dagster"),
        (2, "candidate", "script"),
        (2, "approved", "Ada"),
        (1, "retired", "Ada"),
        (1, "approved", "Ada"),
        (2, "retired", "Ada"),
    ]


def test_errors_that_land_between_a_candidate_and_its_approval_are_assigned_then(
    scripted: History,
) -> None:
    grow_candidate(scripted.project, "run")
    scripted.run(land(scripted, "latest", TITLES))
    rows = scripted.table("category_assignments").filter(taxonomy="induced", version=2)
    assert "latest" not in set(rows["model"])
    scripted.approve(2)
    assert_whole(scripted)


def test_a_candidate_equal_to_the_version_in_force_is_not_made(scripted: History) -> None:
    assert scripted.judge is not None
    scripted.judge.growths = [Growth(V1)]
    assert grow_candidate(scripted.project, "run").key is None
    assert load_taxonomies(scripted.project).versions.height == 2


def test_a_candidate_takes_the_place_of_one_that_waits(scripted: History) -> None:
    assert scripted.judge is not None
    grow_candidate(scripted.project, "run")
    scripted.judge.growths = [Growth(V2[:-1])]
    assert grow_candidate(scripted.project, "run").key == VersionKey("induced", 3)
    versions = scripted.table("taxonomy_versions").filter(taxonomy="induced")
    assert versions.select("version", "status", "parent_version").rows() == [
        (1, "approved", None),
        (2, "retired", 1),
        (3, "candidate", 1),
    ]


def test_a_judge_that_stops_leaves_no_candidate_behind(scripted: History) -> None:
    class Stopping(Script):
        def classify(self, tasks: Iterable[ClassificationTask]) -> Iterator[list[Classification]]:
            for _ in tasks:
                raise RuntimeError("no answer")
            yield []

    before = scripted.numbers()
    judge = Stopping()
    judge.growths = [Growth(V2)]
    scripted.judge = judge
    with pytest.raises(RuntimeError):
        grow_candidate(scripted.project, "run")
    assert load_taxonomies(scripted.project).versions.height == 2
    assert scripted.numbers() == before


def test_the_embedded_analyst_plays_the_same_history(tmp_path: Path) -> None:
    history = History(tmp_path / "embedded", None)
    sample = Path(__file__).resolve().parents[2] / "errormap_dagster" / "demo"
    history.run(sample / "word_problems.csv")
    assert_whole(history)
    history.run(sample / "multiple_choice.jsonl", sample / "short_code.csv")
    assert_whole(history)
    before = history.numbers()
    made = grow_candidate(history.project, "run")
    assert made.key == VersionKey("induced", 2)
    assert history.numbers() == before
    history.approve(2)
    assert_whole(history)
    history.approve(1)
    assert history.numbers() == before
    assert_whole(history)


def last_refresh(history: History, model: str) -> pl.DataFrame:
    """What the last refresh changed in a model's signature under the induced taxonomy."""
    rows = history.table("signature_history").filter(
        taxonomy="induced", model=model, dataset="all", depth=1
    )
    return rows.filter(pl.col("refresh") == rows["refresh"].max())


def test_a_share_moves_for_new_failures_or_for_another_category(scripted: History) -> None:
    n_refreshes = scripted.table("signature_history")["refresh"].max()
    scripted.run()
    assert scripted.table("signature_history")["refresh"].max() == n_refreshes
    grow_candidate(scripted.project, "run")
    scripted.approve(2)
    approved = last_refresh(scripted, "late")
    assert set(approved["previous_version"]) == {1}
    assert (approved["new_failures_change"] == 0).all()
    assert (approved["recategorised_change"].abs() > 0.1).any()
    scripted.run(land(scripted, "late-more", TITLES), land(scripted, "early", ["bad format"] * 30))
    early = last_refresh(scripted, "early")
    assert (early["new_failures_change"].abs() > 0.1).any()
    assert (early["recategorised_change"] == 0).all()
    assert_whole(scripted)


def test_a_persons_edit_becomes_a_version_and_is_replayed_on_the_next(scripted: History) -> None:
    edits = scripted.project.home.edits_file
    who = {"author": "Ada", "reason": "signs are a topic of their own"}
    part = {"name": "Signs", "description": "wrong sign", "rule": "(?i)wrong sign"}
    add_entry(edits, {"rename": "Name of units", "to": "Unit slips", **who})
    grow_candidate(scripted.project, "run")
    assert [result.edit.number for result in replay_edits(scripted.project).failed] == [1]
    scripted.approve(2)
    add_entry(edits, {"split": "details", "into": [part], **who})
    made = edit_candidate(scripted.project, "run")
    assert made.key == VersionKey("induced", 3)
    scripted.approve(3)
    assert_whole(scripted)
    rows = scripted.table("category_assignments").filter(taxonomy="induced", version=3)
    ruled = rows.filter(pl.col("judge") == "taxonomy rule")
    titles = scripted.table("judged_errors").join(ruled, on="prediction_id", how="semi")
    assert set(titles["error_title"]) == {"wrong sign"}
    (row,) = (
        scripted.table("taxonomy_changes")
        .filter(taxonomy="induced", version=3, change_type="split")
        .to_dicts()
    )
    assert (row["actor"], row["agreement"]) == ("Ada", "agrees")
    assert row["reason"] == "signs are a topic of their own (Ada, edit 2)"
    assert scripted.judge is not None
    scripted.judge.growths = [Growth(V2[1:])]
    assert grow_candidate(scripted.project, "run").key == VersionKey("induced", 4)
    names = {c.name for c in categories_of(scripted.project, VersionKey("induced", 4))}
    assert "Signs" in names
    assert_whole(scripted)
