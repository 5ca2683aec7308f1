"""``errormap judge``: what it tells of the endpoint and of the batches that are out."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from asking import by_batch, cases
from batch_api import BatchApi
from errormap_dagster.cli.main import app
from errormap_dagster.errors import JudgeWaitingError, SettingsError
from errormap_dagster.judge.llm.judge import LlmJudge
from errormap_dagster.judge_settings import JudgeSettings
from errormap_dagster.project import Project
from server import JudgeServer

RUN = CliRunner()


def judge_of(home: Path, chosen: JudgeSettings) -> LlmJudge:
    """The judge of a home with these settings."""
    home.mkdir(exist_ok=True)
    told = {"judge": chosen.model_dump(exclude_defaults=True)}
    (home / "errormap.yaml").write_text(json.dumps(told), encoding="utf-8")
    judge = Project.open(home).judge
    assert isinstance(judge, LlmJudge)
    return judge


def told(home: Path, *words: str) -> tuple[int, str]:
    """Exit code and output of a command on a home."""
    result = RUN.invoke(app, ["judge", *words, "--home", str(home)])
    if isinstance(result.exception, SettingsError):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def hand_in(home: Path, server: JudgeServer, n: int) -> None:
    """Submit a batch and leave."""
    judge = judge_of(home, by_batch(server.base_url, {"wait_hours": 0}))
    with pytest.raises(JudgeWaitingError):
        judge.analyse_ahead(cases(n))


@pytest.mark.parametrize(
    ("api", "lane", "code", "words"),
    [
        (BatchApi(), "batch", 0, "batch API there"),
        (None, "ordinary", 0, "batch API not there"),
        (None, "batch", 1, "set it to 'ordinary'"),
    ],
)
def test_the_check_says_whether_there_is_a_batch_api(
    api: Any, lane: str, code: int, words: str, tmp_path: Path
) -> None:
    with JudgeServer(batches=api) as server:
        judge_of(tmp_path, by_batch(server.base_url).model_copy(update={"lane": lane}))
        ended, output = told(tmp_path, "check")
    assert (ended, words in output) == (code, True)


def test_batches_that_are_out_are_listed_with_how_far_they_are(tmp_path: Path) -> None:
    assert "no batch is with a provider" in told(tmp_path, "batches")[1]
    with JudgeServer(batches=BatchApi(n_polls=3)) as server:
        hand_in(tmp_path, server, 4)
        code, output = told(tmp_path, "batches")
        assert code == 0
        assert "batch_1 analyse judge-model 4 0 in_progress" in output
        assert "4 calls are out" in output
        told(tmp_path, "batches")
        assert "batch_1 analyse judge-model 4 4 completed" in told(tmp_path, "batches")[1]
    assert "as of the last look" in told(tmp_path, "batches")[1]


def test_a_batch_is_taken_back_and_the_rest_is_asked_by_the_next_run(tmp_path: Path) -> None:
    api = BatchApi(n_polls=10**9)
    with JudgeServer(batches=api) as server:
        hand_in(tmp_path, server, 4)
        assert (
            "batch_1 analyse judge-model 4" in told(tmp_path, "batches", "--cancel", "batch_1")[1]
        )
        hand_in(tmp_path, server, 4)
    assert api.n_carried_out.total() == 2
    assert api.batches["batch_2"]["request_counts"]["total"] == 2


def test_a_batch_that_is_given_up_is_asked_anew(tmp_path: Path) -> None:
    api = BatchApi(n_polls=10**9)
    with JudgeServer(batches=api) as server:
        hand_in(tmp_path, server, 4)
        del api.batches["batch_1"]
        with pytest.raises(Exception, match=r"no batch batch_1, .*--forget batch_1"):
            hand_in(tmp_path, server, 4)
        assert "forgotten" in told(tmp_path, "batches", "--forget", "batch_1")[1]
        hand_in(tmp_path, server, 4)
    assert api.n_requests["create"] == 2


def test_a_batch_that_is_not_out_is_named_with_those_that_are(tmp_path: Path) -> None:
    with JudgeServer(batches=BatchApi(n_polls=9)) as server:
        hand_in(tmp_path, server, 2)
        with pytest.raises(SettingsError, match=r"No batch nine .*there are: batch_1"):
            told(tmp_path, "batches", "--forget", "nine")
