"""``errormap contracts``: the contracts themselves are checked, and what follows is written."""

from errormap_dagster.cli import console
from errormap_dagster.contracts.dbt_sources import write_dbt_files
from errormap_dagster.contracts.registry import standard_violations, table_names
from errormap_dagster.paths import contracts_dir, dbt_project_dir


def check_contracts() -> int:
    """Check every contract against the standard's JSON schema; 1 when one breaks it."""
    broken = [
        message
        for path in sorted(contracts_dir().glob("*.odcs.yaml"))
        for message in standard_violations(path)
    ]
    for message in broken:
        console.error(message)
    if not broken:
        console.say(f"{len(table_names())} contracts keep the Open Data Contract Standard.")
    return 1 if broken else 0


def write_what_follows() -> int:
    """Write dbt's sources and staging models from the contracts."""
    written = write_dbt_files(dbt_project_dir())
    console.say(f"{len(written)} files written below {dbt_project_dir()}.")
    return 0
