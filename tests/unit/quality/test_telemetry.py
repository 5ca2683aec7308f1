"""Nothing phones home, in a process whose environment says nothing about it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from errormap_dagster.home import NO_TELEMETRY, Home
from errormap_dagster.paths import dbt_project_dir

SCRIPT = """
import json, os, sys
from errormap_dagster.project import Project
Project.open(sys.argv[1])
print(json.dumps(dict(os.environ)))
"""


def test_opening_a_home_tells_the_tools_of_a_bare_environment_to_send_nothing(
    tmp_path: Path,
) -> None:
    bare = {k: v for k, v in os.environ.items() if k not in NO_TELEMETRY}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        env=bare,
    )
    assert NO_TELEMETRY.items() <= json.loads(done.stdout).items()


def test_a_choice_of_the_environment_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    Home.locate(tmp_path).prepare()
    assert os.environ["DO_NOT_TRACK"] == "0"


def test_dagster_and_dbt_are_told_to_send_nothing(tmp_path: Path) -> None:
    home = Home.locate(tmp_path).prepare()
    instance = yaml.safe_load((home.dagster / "dagster.yaml").read_text(encoding="utf-8"))
    project = yaml.safe_load((dbt_project_dir() / "dbt_project.yml").read_text(encoding="utf-8"))
    assert instance["telemetry"] == {"enabled": False}
    assert project["flags"]["send_anonymous_usage_stats"] is False
