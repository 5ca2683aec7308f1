from pathlib import Path

import duckdb
import pytest
import yaml
from dbt.clients.jinja import get_rendered

from errormap_dagster.contracts.dbt_sources import (
    dbt_files,
    sources,
    write_dbt_files,
)
from errormap_dagster.contracts.registry import column_names, table_names
from errormap_dagster.paths import dbt_project_dir
from errormap_dagster.store import Store


@pytest.mark.parametrize("path", sorted(dbt_files()), ids=str)
def test_the_committed_files_are_what_the_contracts_say(path: Path) -> None:
    committed = (dbt_project_dir() / path).read_text(encoding="utf-8")
    assert committed == dbt_files()[path], "run `errormap contracts --write`"


def test_staging_holds_nothing_that_no_contract_asks_for() -> None:
    found = {p.relative_to(dbt_project_dir()) for p in dbt_project_dir().glob("models/staging/*")}
    assert found == set(dbt_files())


def test_every_source_names_the_asset_that_makes_it() -> None:
    text = dbt_files()[Path("models/staging/_errormap__sources.yml")]
    (source,) = yaml.safe_load(text)["sources"]
    named = {t["name"]: t["config"]["meta"]["dagster"]["asset_key"] for t in source["tables"]}
    assert named == {table: [table] for table in table_names()}
    for table in source["tables"]:
        assert [column["name"] for column in table["columns"]] == column_names(table["name"])
        assert all(column["description"] for column in table["columns"])


@pytest.mark.parametrize(
    "folder",
    [
        pytest.param("home", id="plain"),
        pytest.param("o'neil's home", id="quotes"),
        pytest.param("home [old] [a-z", id="brackets"),
        pytest.param("{home} {0}", id="braces"),
        pytest.param("home*?", id="wildcards"),
    ],
)
def test_a_home_may_lie_anywhere(folder: str, tmp_path: Path) -> None:
    home = tmp_path / folder
    Store(home / "tables").declare("failures")
    (source,) = yaml.safe_load(sources())["sources"]
    template = source["config"]["meta"]["external_location"]
    rendered = get_rendered(template, {"env_var": {"ERRORMAP_HOME": str(home)}.__getitem__})
    location = rendered.format_map({"name": "failures"})
    described = duckdb.sql(f"describe select * from {location}").fetchall()
    assert [column for column, *_ in described] == column_names("failures")


def test_the_files_are_written_below_the_project(tmp_path: Path) -> None:
    written = write_dbt_files(tmp_path)
    assert {path.relative_to(tmp_path) for path in written} == set(dbt_files())
