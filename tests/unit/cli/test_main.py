"""The commands as they are typed, where they fail before any work begins."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from errormap_dagster.cli.main import app, main

RUN = CliRunner()


@pytest.mark.parametrize(
    "command", ["demo", "land", "run", "status", "export", "dev", "docs", "contracts"]
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
