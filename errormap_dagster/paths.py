"""Where the files that travel with the package lie. Where the user's data lie is in ``home.py``."""

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


@cache
def _of_project(name: str) -> Path:
    """A file or folder at the top of the repository, or its copy inside an installed wheel."""
    bundled = _PACKAGE / "_bundled" / name
    return bundled if bundled.exists() else _PACKAGE.parent / name


def contracts_dir() -> Path:
    """The folder of Open Data Contract Standard files, one per table."""
    return _of_project("data_contracts")


def dbt_project_dir() -> Path:
    """The dbt project, read only: its target and logs belong below the home."""
    return _of_project("dbt_project")


def demo_dir() -> Path:
    """The illustrative sample that ``errormap demo`` lands."""
    return _PACKAGE / "demo"


def prompts_dir() -> Path:
    """The prompts of the language model judge, by stage and version."""
    return _PACKAGE / "prompts"


def workspace_file() -> Path:
    """The workspace that tells Dagster where the code location is."""
    return _of_project("workspace.yaml")
