"""One process at a time works on a home."""

import multiprocessing
from pathlib import Path

import pytest

from errormap_dagster.errors import ErrorMapError
from errormap_dagster.home import Home


def test_a_worker_that_runs_its_script_again_is_told_the_remedy_and_does_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What multiprocessing itself sets in a worker while it imports the script that started it.
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(ErrorMapError, match="__main__"), Home(tmp_path).alone():
        pass
