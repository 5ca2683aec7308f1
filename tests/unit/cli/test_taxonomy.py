"""``errormap taxonomy`` says what changed, who changed it and where the errors went."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from errormap_dagster.cli.main import app
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.errors import SettingsError
from errormap_dagster.stages.candidates import grow_candidate
from errormap_dagster.stages.decisions import approve
from scripted import TITLES, History, Script, land


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Version 1 in force and a candidate beside it."""
    history = History(tmp_path / "home", Script())
    history.run(land(history, "model", TITLES * 3))
    grow_candidate(history.project, "run")
    return history


def told(history: History, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["taxonomy", *arguments, "--home", str(history.home)])
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_the_log_the_tree_and_the_difference_are_told(history: History) -> None:
    assert "induced@2 waits" in told(history, "log")
    shown = told(history, "show", "induced@2")
    assert "induced@2: candidate" in shown
    assert "Name of additions (3)" in shown
    compared = told(history, "diff", "induced@1", "induced@2")
    assert "two operations" in compared
    assert "18 errors; 3 have the same place in both." in compared


def test_an_edit_is_written_and_what_became_of_it_is_told(history: History) -> None:
    who = ("--by", "Ada", "--reason", "clearer")
    said = told(history, "edit", "rename", "Name of habits", "--to", "Habits", *who)
    assert "edit 1 (rename): applied" in said
    assert "Habits" in history.project.home.edits_file.read_text(encoding="utf-8")
    assert "edit 2 (move): stands" in told(history, "edit", "move", "Habits", *who)


def test_an_edit_without_what_it_needs_is_refused(history: History) -> None:
    arguments = ["taxonomy", "edit", "rename", "A", "--by", "Ada", "--reason", "r"]
    done = CliRunner().invoke(app, [*arguments, "--home", str(history.home)])
    assert isinstance(done.exception, SettingsError)
    assert "to: Field required" in str(done.exception)


def test_a_teams_own_taxonomy_stands_beside_the_others(history: History, tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    told(history, "export", "induced@1", "--to", str(path))
    text = path.read_text(encoding="utf-8").replace("taxonomy: induced", "taxonomy: team")
    path.write_text(text, encoding="utf-8")
    who = ("--by", "Ada", "--reason", "ours")
    assert "team@1 is a candidate" in told(history, "import", str(path), *who)
    approve(history.project, VersionKey("team", 1), "Ada", "ours")
    history.run()
    assert set(history.table("signatures")["taxonomy"]) == {"atlas", "induced", "team"}
