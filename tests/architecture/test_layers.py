"""Imports point down only, heavy libraries stay where they belong, and files stay small."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "errormap_dagster"
REPOSITORY = PACKAGE.parent

# From the ground up: a layer may import itself and what stands before it.
LAYERS = [
    {"errors", "paths", "progress", "evaluations", "section", "webhook", "frames"},
    {"judge_settings", "refresh_settings", "statistics_settings", "trust_settings"},
    {"contracts"},
    {"domain"},
    {
        "judge",
        "ingest",
        "atlas",
        "taxonomy_files",
        "store",
        "settings",
        "home",
        "demo",
    },
    {"obstacles", "parts", "tables", "read"},
    {"fingerprints"},
    {"queries", "presentation"},
    {"project", "report"},
    {"explorer", "stages"},
    {"resources"},
    {"metadata"},
    {"taxonomy_metadata"},
    {"assets", "quality"},
    {"jobs", "alerts", "lineage_events"},
    {"taxonomy_jobs"},
    {"automation"},
    {"definitions"},
    {"cli"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
# These stand side by side and do not know each other.
STRANGERS = {
    *(("judge", "ingest"), ("ingest", "judge")),
    *(("assets", "quality"), ("quality", "assets")),
    *(("queries", "presentation"), ("presentation", "queries")),
    *(("explorer", "stages"), ("stages", "explorer")),
}
ONLY_IN = {
    "dagster": {
        "assets",
        "quality",
        "resources",
        "metadata",
        "taxonomy_metadata",
        "taxonomy_jobs",
        "jobs",
        "alerts",
        "lineage_events",
        "automation",
        "definitions",
        "cli",
    },
    "dagster_dbt": {"assets", "resources"},
    "great_expectations": {"quality"},
    "pandas": set[str](),
    "instructor": {"judge"},
    "openai": {"judge"},
    "openlineage": {"lineage_events"},
    "sqlalchemy": {"judge", "resources"},
    "starlette": {"explorer"},
    "uvicorn": {"explorer"},
    "squarify": {"presentation"},
    "rdflib": {"taxonomy_files"},
    "typer": {"cli"},
    "rich": {"cli"},
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def layer_of(path: Path) -> str:
    """The first part of a module's path below the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Every module that a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def named(path: Path) -> str:
    """A test id."""
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_imports_point_down_only(path: Path) -> None:
    own = layer_of(path)
    if own == "__init__":
        return
    for imported in imports_of(path):
        if not imported.startswith("errormap_dagster."):
            continue
        other = imported.split(".")[1]
        assert LEVEL[other] <= LEVEL[own], f"{own} must not import {imported}"
        assert (own, other) not in STRANGERS, f"{own} must not import {imported}"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_heavy_libraries_stay_where_they_belong(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports_of(path)}
    for library, allowed in ONLY_IN.items():
        if library in roots:
            assert layer_of(path) in allowed, f"{library} is imported in {layer_of(path)}"


def test_every_layer_of_the_list_exists() -> None:
    present = {layer_of(path) for path in MODULES} - {"__init__"}
    assert present == set(LEVEL)


@pytest.mark.parametrize("path", [p for p in MODULES if p.stat().st_size], ids=named)
def test_modules_say_what_they_are(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


PYTHON_FILES = sorted([*MODULES, *(REPOSITORY / "tests").rglob("*.py")])


@pytest.mark.parametrize("path", PYTHON_FILES, ids=named)
def test_files_have_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_functions_have_at_most_50_lines(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.end_lineno:
            assert node.end_lineno - node.lineno < 50, f"{node.name} is too long"


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    names = {path.stem for path in MODULES}
    assert not names & {"utils", "helpers", "common", "misc"}


FORBIDDEN = re.compile(r"(?i)\b(cluster|bucket)(s|ed)?\b")


@pytest.mark.parametrize("path", sorted((REPOSITORY / "data_contracts").glob("*.yaml")), ids=named)
def test_contracts_use_one_word_for_a_category(path: Path) -> None:
    assert not FORBIDDEN.search(path.read_text(encoding="utf-8"))
