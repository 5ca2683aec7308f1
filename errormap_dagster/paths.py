"""Where the files that travel with the package lie. Where the user's data lie is in ``home.py``."""

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


@cache
def _project_folder(name: str) -> Path:
    """A top-level folder of the repository, or its copy inside an installed wheel."""
    bundled = _PACKAGE / "_bundled" / name
    return bundled if bundled.is_dir() else _PACKAGE.parent / name


def contracts_dir() -> Path:
    """The folder of Open Data Contract Standard files, one per table."""
    return _project_folder("data_contracts")


def dbt_project_dir() -> Path:
    """The dbt project, read only: its target and logs belong below the home."""
    return _project_folder("dbt_project")


def demo_dir() -> Path:
    """The illustrative sample that ``errormap demo`` lands."""
    return _PACKAGE / "demo"
