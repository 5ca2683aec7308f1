"""The dbt project as Dagster sees it: parsed when needed, everything it writes below the home."""

import os
import shutil
import subprocess
import sys
from functools import cached_property
from importlib import metadata
from pathlib import Path

from dagster_dbt import DbtCliResource, DbtProject
from packaging.version import Version

from errormap_dagster.domain.identity import content_id
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.home import Home
from errormap_dagster.paths import dbt_project_dir

_PARSED = "parsed.txt"
_PARSE_CACHE = "partial_parse.msgpack"


def dbt_executable() -> str:
    """dbt of the running Python, whether or not its environment is activated."""
    beside = shutil.which("dbt", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("dbt")
    if not found:
        raise ErrorMapError("dbt is not installed beside this Python. Run `make setup`.")
    return found


def _project_fingerprint() -> str:
    sources = sorted(path for path in dbt_project_dir().rglob("*") if path.is_file())
    return content_id(*(path.read_text(encoding="utf-8") for path in sources))


def _parse(home: Home) -> None:
    home.dbt_target.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(  # noqa: S603 - our own executable and paths
        [
            dbt_executable(),
            "parse",
            "--quiet",
            "--project-dir",
            str(dbt_project_dir()),
            "--profiles-dir",
            str(dbt_project_dir()),
            "--target-path",
            str(home.dbt_target),
            "--log-path",
            str(home.dbt_logs),
        ],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "ERRORMAP_HOME": str(home.root)},
    )
    if done.returncode:
        raise ErrorMapError(f"dbt cannot parse its project:\n{done.stdout}{done.stderr}")


def prepared_project(home: Home) -> DbtProject:
    """The dbt project with a manifest that is up to date.

    Raises:
        ErrorMapError: dbt is missing or cannot parse the project.
    """
    parsed, fingerprint = home.dbt_target / _PARSED, _project_fingerprint()
    manifest = home.dbt_target / "manifest.json"
    known = parsed.read_text(encoding="utf-8") if parsed.exists() else ""
    if known != fingerprint or not manifest.exists():
        _parse(home)
        # A run writes elsewhere, and would parse everything once more without this.
        home.dbt_run_target.mkdir(exist_ok=True)
        shutil.copyfile(home.dbt_target / _PARSE_CACHE, home.dbt_run_target / _PARSE_CACHE)
        parsed.write_text(fingerprint, encoding="utf-8")
    return DbtProject(
        project_dir=dbt_project_dir(),
        profiles_dir=dbt_project_dir(),
        target_path=home.dbt_target,
    )


class InstalledDbt(DbtCliResource):
    """dbt of this environment."""

    @cached_property
    def _cli_version(self) -> Version:
        """As its package tells it: to start dbt for this alone takes seconds of every run."""
        return Version(metadata.version("dbt-core"))


def dbt_resource(project: DbtProject) -> DbtCliResource:
    """The resource that runs dbt for the asset.

    A run that builds some models runs the tests that read these models alone: others would ask for
    tables that nobody has built yet.
    """
    os.environ.setdefault("DBT_INDIRECT_SELECTION", "buildable")
    executable = dbt_executable()
    return InstalledDbt(project_dir=project, dbt_executable=executable)  # pyright: ignore[reportArgumentType] - its validator takes a project
