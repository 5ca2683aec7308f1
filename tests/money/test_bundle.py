"""A bundle makes the same tables elsewhere, without a key, a network, or a judge."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from typer.testing import CliRunner

from costs import counting, opened, usual_length, write_predictions
from errormap_dagster.cli.main import app
from errormap_dagster.errors import BundleError
from errormap_dagster.project import Project
from errormap_dagster.stages.bundle import write_bundle
from errormap_dagster.stages.chain import run_chain
from errormap_dagster.stages.replay import replay_bundle
from server import JudgeServer

KEY = "sk-marked-0123456789abcdef"


class Study(NamedTuple):
    """A home that was judged in two runs, its files, and its bundles."""

    home: Path
    files: list[Path]
    whole: Path
    without_texts: Path


def tables(home: Path) -> dict[str, bytes]:
    root = home / "tables"
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*.parquet")}


def changed_tables(left: Path, right: Path) -> list[str]:
    """The files that differ, beside the history of refreshes, which each home has for itself."""
    ours, theirs = tables(left), tables(right)
    changed = sorted(n for n in ours | theirs if ours.get(n) != theirs.get(n))
    return [n for n in changed if not n.startswith(("counted_errors/", "signature_history/"))]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Its models landed one after the other, so that picks and taxonomy have a history."""
    folder = tmp_path_factory.mktemp("study")
    files = write_predictions(folder / "in")
    first = folder / "first" / "sums.jsonl"
    first.parent.mkdir()
    lines = files[0].read_text(encoding="utf-8").splitlines()
    first.write_text("\n".join(line for line in lines if "aster" in line), encoding="utf-8")
    later = folder / "later" / "more.jsonl"
    later.parent.mkdir()
    rest = [{"dataset": "sums", **json.loads(line)} for line in lines if "aster" not in line]
    later.write_text("\n".join(map(json.dumps, rest)) + "\n{broken", encoding="utf-8")
    home = folder / "home"
    with pytest.MonkeyPatch.context() as patch, JudgeServer(counting(4, usual_length)) as server:
        patch.setenv("HOUSE_KEY", KEY)
        for run_id, paths in (("one", [first]), ("two", [later, files[1]])):
            project = opened(home, server.base_url, run_id, key_variable="HOUSE_KEY")
            run_chain(project, paths, run_id)
        write_bundle(Project.open(home), folder / "whole.zip")
        write_bundle(Project.open(home), folder / "bare.zip", with_texts=False)
    return Study(home, [first, later, files[1]], folder / "whole.zip", folder / "bare.zip")


def test_a_bundle_gives_the_same_bytes_with_the_server_down_and_no_key(
    study: Study, tmp_path: Path
) -> None:
    told = replay_bundle(study.whole, tmp_path / "elsewhere")
    assert (told.same_rows, told.other_rows) == ([], [])
    assert changed_tables(study.home, tmp_path / "elsewhere") == []


def test_a_bundle_without_texts_does_the_same_from_the_persons_own_files(
    study: Study, tmp_path: Path
) -> None:
    first, later, stories = study.files
    renamed = Path(shutil.copy(later, tmp_path / "renamed.jsonl"))
    own = [stories, renamed, first]
    told = replay_bundle(study.without_texts, tmp_path / "elsewhere", own)
    assert (told.same_rows, told.other_rows) == ([], [])
    assert changed_tables(study.home, tmp_path / "elsewhere") == []


def test_a_replayed_home_is_up_to_date_and_asks_nothing(study: Study, tmp_path: Path) -> None:
    replay_bundle(study.whole, tmp_path / "elsewhere")
    before = tables(tmp_path / "elsewhere")
    project = Project.open(tmp_path / "elsewhere")
    run_chain(project)
    assert project.judge.effort().n_calls == 0
    after = tables(tmp_path / "elsewhere")
    assert {name: after[name] for name in before} == before


def test_a_bundle_of_a_replay_is_the_same_bundle(study: Study, tmp_path: Path) -> None:
    replay_bundle(study.whole, tmp_path / "elsewhere")
    again = tmp_path / "again.zip"
    write_bundle(Project.open(tmp_path / "elsewhere"), again)
    assert again.read_bytes() == study.whole.read_bytes()


def contents(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return b"\n".join(archive.read(name) for name in archive.namelist())


def test_no_bundle_holds_the_key_the_endpoint_or_a_place_on_the_machine(study: Study) -> None:
    for path in (study.whole, study.without_texts):
        held = contents(path)
        assert KEY.encode() not in held
        assert b"HOUSE_KEY" not in held
        assert b"127.0.0.1" not in held
        assert str(study.home.parent).encode() not in held


def test_without_texts_no_input_is_in_the_bundle_and_no_file_of_rows(study: Study) -> None:
    assert b"a baker sells" not in contents(study.without_texts)
    with zipfile.ZipFile(study.without_texts) as archive:
        assert not [n for n in archive.namelist() if n.startswith("staging/")]


def test_the_embedded_analyst_is_replayed_too(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run_chain(Project.open(home), write_predictions(tmp_path / "in"))
    review = home / "reviews" / "errors.csv"
    review.parent.mkdir()
    given = Project.open(home).store.read("judged_errors")["prediction_id"][0]
    review.write_text(
        "prediction_id,taxonomy,version,answer,reviewer,reviewed_at,note\n"
        f"{given},atlas,1,other,ada,2026-01-31T12:00:00.000000Z,\n"
    )
    team = home / "taxonomy" / "team.yaml"
    team.parent.mkdir()
    team.write_text("taxonomy: team\ncategories: [{name: Sums, description: wrong sum}]\n")
    run_chain(Project.open(home))
    assert "team" in set(Project.open(home).store.read("category_assignments")["taxonomy"])
    assert write_bundle(Project.open(home), tmp_path / "study.zip").n_calls == 0
    told = replay_bundle(tmp_path / "study.zip", tmp_path / "elsewhere")
    assert (told.same_rows, told.other_rows) == ([], [])
    assert changed_tables(home, tmp_path / "elsewhere") == []
    assert (tmp_path / "elsewhere" / "reviews" / "errors.csv").read_text() == review.read_text()


def test_a_prediction_that_differs_or_is_missing_is_counted_and_named(
    study: Study, tmp_path: Path
) -> None:
    changed = tmp_path / "sums.jsonl"
    text = study.files[0].read_text(encoding="utf-8")
    changed.write_text(text.replace("I take 3 loaves", "I take 4 loaves", 1), encoding="utf-8")
    with pytest.raises(BundleError, match=r"(?s)predictions are missing .*stories\|aster.*1 pred"):
        replay_bundle(study.without_texts, tmp_path / "elsewhere", [changed])
    assert not (tmp_path / "elsewhere" / "tables").exists()


def rewritten(path: Path, to: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """A copy of a bundle with other content, and the old manifest."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return to


def with_fewer_calls(path: Path, to: Path, stage: str) -> Path:
    """A bundle whose manifest is right and whose record lacks a stage's calls."""
    import hashlib  # noqa: PLC0415 - here alone

    with zipfile.ZipFile(path) as old:
        lines = old.read("calls.jsonl").splitlines(keepends=True)
        calls = b"".join(line for line in lines if json.loads(line)["stage"] != stage)
        manifest = json.loads(old.read("manifest.json"))
    told = {"sha256": hashlib.sha256(calls).hexdigest(), "n_bytes": len(calls)}
    manifest["files"]["calls.jsonl"] = told
    new = {"calls.jsonl": calls, "manifest.json": json.dumps(manifest).encode()}
    return rewritten(path, to, new.get)


@pytest.mark.parametrize("stage", ["analyse", "classify"])
def test_calls_that_are_missing_are_one_error_with_their_number(
    study: Study, tmp_path: Path, stage: str
) -> None:
    poor = with_fewer_calls(study.whole, tmp_path / "poor.zip", stage)
    with pytest.raises(BundleError, match=rf"\d+ calls .* not in its record \(\d+ of {stage}\)"):
        replay_bundle(poor, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere" / "tables").exists()
    assert not (tmp_path / "elsewhere" / "judge_calls.sqlite").exists()


def no_zip(_: Study, to: Path) -> Path:
    to.write_bytes(b"no zip at all")
    return to


def foreign_zip(_: Study, to: Path) -> Path:
    with zipfile.ZipFile(to, "w") as archive:
        archive.writestr("readme.txt", "hello")
    return to


def cut(study: Study, to: Path) -> Path:
    to.write_bytes(study.whole.read_bytes()[:-200])
    return to


def flipped(study: Study, to: Path) -> Path:
    content = bytearray(study.whole.read_bytes())
    content[len(content) // 2] ^= 0xFF
    to.write_bytes(content)
    return to


def changed_reply(study: Study, to: Path) -> Path:
    return rewritten(study.whole, to, lambda name, c: c + b" " if name == "calls.jsonl" else c)


def without_a_file(study: Study, to: Path) -> Path:
    return rewritten(study.whole, to, lambda name, c: None if name == "picks.parquet" else c)


def other_version(study: Study, to: Path) -> Path:
    now, then = b'"version": 1', b'"version": 9'
    return rewritten(study.whole, to, lambda _, content: content.replace(now, then))


def climbing(study: Study, to: Path) -> Path:
    """A name that leads out of the home, with everything else in order."""
    with zipfile.ZipFile(study.whole) as old:
        manifest = json.loads(old.read("manifest.json"))
    told = manifest["files"]["picks.parquet"]
    manifest["files"] = {"staging/../../../evil.parquet": told}
    rewritten(
        study.whole,
        to,
        lambda n, c: json.dumps(manifest).encode() if n == "manifest.json" else c,
    )
    with zipfile.ZipFile(to, "a") as archive, zipfile.ZipFile(study.whole) as old:
        archive.writestr("staging/../../../evil.parquet", old.read("picks.parquet"))
    return to


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (no_zip, "errormap bundle"),
        (foreign_zip, "no replay bundle"),
        (cut, "again"),
        (flipped, "again"),
        (changed_reply, "calls.jsonl is damaged or was changed"),
        (without_a_file, "picks.parquet is missing"),
        (other_version, "Install errormap-dagster"),
        (climbing, "no bundle's"),
    ],
)
def test_a_file_that_is_no_sound_bundle_is_told_with_the_remedy(
    study: Study, tmp_path: Path, spoil: Callable[[Study, Path], Path], told: str
) -> None:
    path = spoil(study, tmp_path / "spoilt.zip")
    with pytest.raises(BundleError, match=told) as raised:
        replay_bundle(path, tmp_path / "elsewhere")
    assert "spoilt.zip" in str(raised.value)
    assert not (tmp_path / "elsewhere" / "tables").exists()
    assert not list(tmp_path.rglob("evil*"))


def test_a_home_that_holds_something_is_left_alone(study: Study, tmp_path: Path) -> None:
    (tmp_path / "errormap.yaml").write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError, match="stands already"):
        replay_bundle(study.whole, tmp_path)
    assert (tmp_path / "errormap.yaml").read_text(encoding="utf-8") == "{}"


def test_a_home_that_is_not_up_to_date_gives_no_bundle(study: Study, tmp_path: Path) -> None:
    shutil.copytree(study.home, tmp_path / "home")
    settings = yaml.safe_load((study.home / "errormap.yaml").read_text(encoding="utf-8"))
    settings["sampling"] = {"share": 0.5}
    (tmp_path / "home" / "errormap.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    with pytest.raises(BundleError, match="errormap run"):
        write_bundle(Project.open(tmp_path / "home"), tmp_path / "study.zip")
    assert not (tmp_path / "study.zip").exists()


def test_the_commands_say_what_is_in_the_bundle_and_what_came_of_it(
    study: Study, tmp_path: Path
) -> None:
    run = CliRunner()
    to = str(tmp_path / "study.zip")
    told = run.invoke(app, ["bundle", to, "--without-texts", "--home", str(study.home)])
    assert told.exit_code == 0, told.output
    assert "quote from outputs" in told.output
    asked = ["replay", to, *map(str, study.files), "--home", str(tmp_path / "elsewhere")]
    told = run.invoke(app, asked)
    assert told.exit_code == 0, told.output
    assert "byte for byte" in told.output
    assert "differs" not in told.output
