"""The dbt side of the contracts: sources and staging models, written from the contracts.

``errormap contracts --write`` writes the files; a test holds them equal to the contracts.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from errormap_dagster.contracts.registry import columns, table_names, table_schema

SOURCE = "errormap"
STAGING = Path("models") / "staging"
# A home may lie anywhere: its path stands in a string of SQL, in a glob, and in the template whose
# {name} the adapter fills in.
_HOME = (
    "{{ env_var('ERRORMAP_HOME') | replace(\"'\", \"''\") | replace('[', '[[]')"
    " | replace('{', '{' * 2) | replace('}', '}' * 2) }}"
)
_LOCATION = (
    "read_parquet('" + _HOME + "/tables/{name}/**/*.parquet', "
    "union_by_name=true, hive_partitioning=false)"
)
_NOTICE = "# Written from data_contracts/ by `errormap contracts --write`.\n"


class _Dumper(yaml.SafeDumper):
    """YAML without aliases, so that every entry can be read where it stands."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True


def _yaml(document: Mapping[str, Any]) -> str:
    return _NOTICE + yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True
    )


def _description(table: str) -> str:
    schema = table_schema(table)
    return f"{schema.description} {schema.dataGranularityDescription}".strip()


def _columns(table: str) -> list[dict[str, str]]:
    return [
        {"name": column.name or "", "description": (column.description or "").strip()}
        for column in columns(table)
    ]


def sources() -> str:
    """The YAML of the one source: the tables of the home, read in place."""
    tables = [
        {
            "name": table,
            "description": _description(table),
            # The asset that writes the table: so the lineage joins Python and SQL.
            "config": {"meta": {"dagster": {"asset_key": [table]}}},
            "columns": _columns(table),
        }
        for table in table_names()
    ]
    source = {
        "name": SOURCE,
        "description": "The Parquet tables of the home, read in place.",
        "config": {"meta": {"external_location": _LOCATION}},
        "tables": tables,
    }
    return _yaml({"version": 2, "sources": [source]})


def staging_models() -> str:
    """The YAML of the staging models: the contracts' descriptions again."""
    models = [
        {
            "name": f"stg_{SOURCE}__{table}",
            "description": _description(table),
            "columns": _columns(table),
        }
        for table in table_names()
    ]
    return _yaml({"version": 2, "models": models})


def staging_sql(table: str) -> str:
    """The SQL of one staging model: the table's columns by name, so that lineage can follow."""
    names = ",\n".join(f"    {column.name}" for column in columns(table))
    return f"select\n{names},\nfrom {{{{ source('{SOURCE}', '{table}') }}}}\n"


def dbt_files() -> dict[Path, str]:
    """Every file that follows from the contracts, by its path below the dbt project."""
    models = {STAGING / f"stg_{SOURCE}__{table}.sql": staging_sql(table) for table in table_names()}
    return {
        STAGING / f"_{SOURCE}__sources.yml": sources(),
        STAGING / f"_{SOURCE}__models.yml": staging_models(),
        **models,
    }


def write_dbt_files(project: Path) -> list[Path]:
    """Write the files below a dbt project; which were written, sorted."""
    written = [project / path for path in dbt_files()]
    for path, text in dbt_files().items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text, encoding="utf-8")
    return sorted(written)
