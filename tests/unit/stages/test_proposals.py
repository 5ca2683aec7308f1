"""Candidates that nobody asked for: made once, of what is new, beside what is in force."""

from dataclasses import replace
from pathlib import Path

import pytest

from errormap_dagster.atlas.loader import load_atlas
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.errors import SettingsError
from errormap_dagster.project import Project
from errormap_dagster.stages import proposals
from errormap_dagster.stages.candidates import grow_candidate
from errormap_dagster.stages.decisions import approve, retire
from errormap_dagster.stages.proposals import changed_files, propose_candidates, propose_files
from errormap_dagster.stages.staleness import pending_work
from scripted import TITLES, History, Script, land

TEAM = """
taxonomy: team
categories:
  - {name: Sums, description: wrong sum}
  - {name: Rest, description: "wrong product, wrong unit"}
"""


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Version 1 of each taxonomy in force, with every table made."""
    history = History(tmp_path / "home", Script())
    history.run(land(history, "model", TITLES * 2))
    return history


def statuses(history: History, taxonomy: str) -> list[tuple[int, str]]:
    """The versions of a taxonomy, each with its status."""
    versions = history.table("taxonomy_versions").filter(taxonomy=taxonomy)
    return versions.select("version", "status").rows()


def ship(monkeypatch: pytest.MonkeyPatch, description: str) -> None:
    """Let the package ship an atlas whose first category says something else."""
    first, *others = load_atlas()
    changed: list[Category] = [replace(first, description=description), *others]
    monkeypatch.setattr(proposals, "load_atlas", lambda: changed)


def test_a_changed_atlas_waits_beside_the_one_in_force(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = history.numbers()
    assert not pending_work_of_versions(history.project)
    ship(monkeypatch, "sharper")
    assert pending_work_of_versions(history.project) == [
        "the atlas of the package has changed: a candidate"
    ]
    history.run()
    assert statuses(history, "atlas") == [(1, "approved"), (2, "candidate")]
    assert history.numbers() == before
    (change,) = history.table("taxonomy_changes").filter(taxonomy="atlas", version=2).to_dicts()
    assert (change["change_type"], change["actor"]) == ("reworded", "errormap_dagster")
    assert not pending_work_of_versions(history.project)


def pending_work_of_versions(project: Project) -> list[str]:
    """Why the versions are said to be stale."""
    return [work.reason for work in pending_work(project) if work.table == "taxonomy_versions"]


def test_what_was_refused_or_rolled_back_does_not_return_by_itself(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship(monkeypatch, "sharper")
    assert propose_files(history.project, "run") == [VersionKey("atlas", 2)]
    assert propose_files(history.project, "run") == []
    retire(history.project, VersionKey("atlas", 2), "Ada", "no")
    assert propose_files(history.project, "run") == []
    ship(monkeypatch, "sharper still")
    assert propose_files(history.project, "run") == [VersionKey("atlas", 3)]
    approve(history.project, VersionKey("atlas", 3), "Ada", "yes")
    approve(history.project, VersionKey("atlas", 1), "Ada", "back")
    assert propose_files(history.project, "run") == []


def test_a_teams_file_in_the_home_is_a_candidate_whenever_it_says_something_new(
    history: History,
) -> None:
    folder = history.project.home.taxonomy_folder
    folder.mkdir()
    (folder / "edits.yaml").write_text("edits: []\n", encoding="utf-8")
    (folder / "notes.txt").write_text("none of ours", encoding="utf-8")
    file = folder / "team.yaml"
    file.write_text(TEAM, encoding="utf-8")
    assert propose_files(history.project, "run") == [VersionKey("team", 1)]
    file.write_text(f"# a remark\n{TEAM}", encoding="utf-8")
    assert propose_files(history.project, "run") == []
    file.write_text(TEAM.replace("Rest", "Others than sums"), encoding="utf-8")
    assert propose_files(history.project, "run") == [VersionKey("team", 2)]
    assert statuses(history, "team") == [(1, "retired"), (2, "candidate")]
    rows = history.table("category_assignments").filter(taxonomy="team", version=2)
    assert rows.height == len(TITLES) * 2
    (actor,) = set(history.table("taxonomy_changes").filter(taxonomy="team", version=2)["actor"])
    assert actor == "taxonomy/team.yaml"


@pytest.mark.parametrize("name", ["induced", "atlas", "team"])
def test_a_file_whose_taxonomy_has_another_maker_is_refused(history: History, name: str) -> None:
    folder = history.project.home.taxonomy_folder
    folder.mkdir()
    (folder / "a_team.yaml").write_text(TEAM, encoding="utf-8")
    (folder / "b.yaml").write_text(TEAM.replace("team", name), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"b\.yaml: "):
        changed_files(history.project)


@pytest.fixture
def surprised(tmp_path: Path) -> History:
    """Errors that fit version 1 and then, in files to land, as many of a kind that does not."""
    history = History(tmp_path / "home", Script())
    write_settings(history, "grow_on_novelty: true")
    history.run(land(history, "early", TITLES[:5] * 12))
    land(history, "late", TITLES[5:] * 40)
    return history


def write_settings(history: History, more: str) -> None:
    """Settings under which half of the errors are a baseline."""
    told = f"taxonomy: {{reported: induced, held_out_share: 0.5, {more}}}\n"
    (history.home / "errormap.yaml").write_text(told, encoding="utf-8")


def test_new_kinds_of_errors_grow_a_candidate_once(surprised: History) -> None:
    surprised.run(surprised.home / "late.jsonl")
    assert statuses(surprised, "induced") == [(1, "approved"), (2, "candidate")]
    reason = surprised.table("taxonomy_versions").filter(taxonomy="induced")["reason"].to_list()[1]
    assert "100.0% of 40 new errors fit no category well" in reason
    assert set(surprised.table("signatures").filter(taxonomy="induced")["version"]) == {1}
    # The script has no third growth: to ask for one would fail.
    surprised.run()
    retire(surprised.project, VersionKey("induced", 2), "Ada", "not yet")
    surprised.run()
    assert statuses(surprised, "induced") == [(1, "approved"), (2, "retired")]


def test_a_candidate_that_waits_is_not_replaced_by_one_that_nobody_asked_for(
    surprised: History,
) -> None:
    grow_candidate(surprised.project, "run")
    surprised.run(surprised.home / "late.jsonl")
    assert statuses(surprised, "induced") == [(1, "approved"), (2, "candidate")]


@pytest.mark.parametrize("setting", ["grow_on_novelty: false", "quality: {}"])
def test_no_candidate_is_grown_unasked_at_somebodys_expense(
    surprised: History, setting: str
) -> None:
    write_settings(surprised, setting)
    surprised.run(surprised.home / "late.jsonl")
    assert propose_candidates(surprised.project, "run") == []
    assert statuses(surprised, "induced") == [(1, "approved")]
