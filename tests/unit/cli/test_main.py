"""The commands as they are typed, where they fail before any work begins."""

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from errormap_dagster.cli.main import app, main
from errormap_dagster.project import Project
from errormap_dagster.stages.landing import land

RUN = CliRunner()


@pytest.mark.parametrize(
    "command",
    [
        "demo",
        "land",
        "run",
        "status",
        "estimate",
        "export",
        "bundle",
        "replay",
        "dev",
        "explore",
        "report",
        "docs",
        "contracts",
    ],
)
def test_every_command_explains_itself(command: str) -> None:
    result = RUN.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 4


def test_without_a_command_the_commands_are_listed() -> None:
    assert "land predictions, judge failures" in RUN.invoke(app, []).output


def test_a_file_that_does_not_exist_is_a_request_that_cannot_be_carried_out(tmp_path: Path) -> None:
    result = RUN.invoke(app, ["land", str(tmp_path / "nowhere.csv"), "--home", str(tmp_path)])
    assert result.exit_code == 2
    assert "nowhere.csv" in result.output.replace("\n", "")


def test_the_contracts_keep_the_standard() -> None:
    result = RUN.invoke(app, ["contracts"])
    assert result.exit_code == 0
    assert "keep the Open Data Contract Standard" in result.output


def test_the_status_of_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    result = RUN.invoke(app, ["status", "--home", str(tmp_path)])
    assert result.exit_code == 0
    assert "errormap land" in result.output


def test_the_status_says_which_metric_and_filter_were_taken_and_suggests_aliases(
    tmp_path: Path,
) -> None:
    lines = [
        {"doc_id": 0, "resps": [["a"]], "filtered_resps": ["a"], "filter": name, "acc": 1, "f1": 0}
        for name in ("strict", "loose")
    ]
    for model in ("org__m-7b", "m-7b"):
        path = tmp_path / "runs" / model / "samples_sums_2026-01-02T03-04-05.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    (tmp_path / "errormap.yaml").write_text("datasets: {sums: {metric: f1}}", encoding="utf-8")
    land(Project.open(tmp_path), [tmp_path / "runs"])
    told = " ".join(RUN.invoke(app, ["status", "--home", str(tmp_path)]).output.split())
    assert "sums (lm_eval, 2 files): metric f1 (as set; others: acc), filter strict" in told
    assert "Are 'org__m-7b' and 'm-7b' one model?" in told


def test_what_settings_would_read_otherwise_is_pending_or_said_to_be_gone(tmp_path: Path) -> None:
    line = {"doc_id": 0, "resps": [["a"]], "filtered_resps": ["a"], "acc": 1, "f1": 0}
    path = tmp_path / "runs" / "samples_sums_2026-01-02T03-04-05.jsonl"
    path.parent.mkdir()
    path.write_text(json.dumps(line), encoding="utf-8")
    land(Project.open(tmp_path), [path])
    (tmp_path / "errormap.yaml").write_text("datasets: {sums: {metric: f1}}", encoding="utf-8")
    told = RUN.invoke(app, ["status", "--home", str(tmp_path)]).output
    assert "landed_files: 1 new or changed files" in told
    path.unlink()
    told = " ".join(RUN.invoke(app, ["status", "--home", str(tmp_path)]).output.split())
    assert "was read by other settings and is gone: land it again" in told


def test_an_error_of_ours_is_one_message_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "errormap.yaml").write_text("sampling: {shares: 0.5}\n", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["errormap", "status", "--home", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        main()
    told = capsys.readouterr().err.replace("\n", " ")
    assert stopped.value.code == 2
    assert "errormap.yaml" in told
    assert "shares" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("command", [["explore"], ["report"]])
def test_a_home_without_results_is_told_how_to_get_some(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["errormap", *command, "--home", str(tmp_path / "empty")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "`errormap " in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tables").mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        monkeypatch.setattr(
            "sys.argv", ["errormap", "explore", "--home", str(tmp_path), "--port", port]
        )
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 2
    assert "--port" in capsys.readouterr().err
