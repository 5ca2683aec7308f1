"""A run of the batch lane that is killed at whatever moment, and started again."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from asking import Place, by_batch, cases, same
from batch_api import BatchApi, Ending, Operation
from errormap_dagster.domain.records import Analysis
from errormap_dagster.judge.llm.record import Call
from server import JudgeServer

N_CASES = 14
BATCH = {"calls_per_batch": 6}
ENDINGS = [Ending("expired", n_answered=4)]
"""The first batch leaves two calls without an answer."""
RUN = """
import os, signal, sys
from pathlib import Path
from asking import Place, by_batch, cases
from errormap_dagster.judge.llm.batch import collecting
from errormap_dagster.judge.llm.batch.endpoint import BatchEndpoint
from errormap_dagster.judge.llm.batch.record import BatchRecord

def die_after(owner, name, nth):
    done, count = getattr(owner, name), [0]
    def deadly(*given, **named):
        result = done(*given, **named)
        count[0] += 1
        if count[0] == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(owner, name, deadly)

url, folder, n_cases, calls_per_batch, moment = sys.argv[1:]
if moment:
    owner, name, nth = moment.split()
    collecting._LINES_AT_ONCE = 2
    die_after(globals()[owner], name, int(nth))
settings = by_batch(url, {"calls_per_batch": int(calls_per_batch)})
Place(Path(folder)).analyse(settings, cases(int(n_cases)))
"""


def start(server: JudgeServer, place: Place, moment: str = "") -> "subprocess.Popen[bytes]":
    """A run in a process of its own, which kills itself at a moment if one is named."""
    paths = [str(Path(__file__).parents[3] / "judge_server"), *filter(None, sys.path)]
    size = str(BATCH["calls_per_batch"])
    return subprocess.Popen(
        [
            *(sys.executable, "-c", RUN, server.base_url),
            *(str(place.folder), str(N_CASES), size, moment),
        ],
        env={"PYTHONPATH": ":".join(paths)},
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Analysis], list[Call]]:
    """The analyses and the record of a run that nobody disturbed."""
    place = Place(tmp_path_factory.mktemp("undisturbed"))
    with JudgeServer(batches=BatchApi(endings=ENDINGS)) as server:
        analyses = place.analyse(by_batch(server.base_url, BATCH), cases(N_CASES))
    return analyses, same(place.rows())


def kill_and_resume(
    interrupted: Place,
    api: BatchApi,
    kill: Callable[[JudgeServer, Place], None],
    undisturbed: tuple[list[Analysis], list[Call]],
) -> None:
    """Kill a run, resume it, and hold it against one that nobody disturbed."""
    with JudgeServer(batches=api) as server:
        kill(server, interrupted)
        analyses = interrupted.analyse(by_batch(server.base_url, BATCH), cases(N_CASES))
        assert server.n_requests == 0
    assert (analyses, same(interrupted.rows())) == undisturbed
    # No call was answered twice, none was forgotten, nothing lies about.
    assert (len(api.n_carried_out), set(api.n_carried_out.values())) == (N_CASES, {1})
    assert all(batch.collected_at for batch in interrupted.batches())


@pytest.mark.parametrize(
    "moment",
    [("upload", 1), ("create", 1), ("create", 3), ("content", 2)],
)
def test_a_run_that_is_killed_while_a_request_is_out_loses_and_repeats_nothing(
    moment: tuple[Operation, int],
    place: Place,
    undisturbed: tuple[list[Analysis], list[Call]],
) -> None:
    api = BatchApi(endings=ENDINGS, stall_at=moment)

    def kill(server: JudgeServer, place: Place) -> None:
        process = start(server, place)
        assert api.has_stalled.wait(60)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL

    kill_and_resume(place, api, kill, undisturbed)


@pytest.mark.parametrize(
    "moment",
    [
        "BatchRecord begin 2",
        "BatchRecord note 1",
        "BatchEndpoint download 2",
        "BatchRecord settle 2",
    ],
)
def test_a_run_that_is_killed_between_two_steps_loses_and_repeats_nothing(
    moment: str, place: Place, undisturbed: tuple[list[Analysis], list[Call]]
) -> None:
    def kill(server: JudgeServer, place: Place) -> None:
        assert start(server, place, moment).wait(60) == -signal.SIGKILL

    kill_and_resume(place, BatchApi(endings=ENDINGS), kill, undisturbed)
