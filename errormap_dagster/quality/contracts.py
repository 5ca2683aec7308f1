"""Two checks on every table: its contract, which blocks what follows, and its value rules."""

import dagster as dg
import polars as pl

from errormap_dagster.contracts.check import violations
from errormap_dagster.contracts.registry import contract_version
from errormap_dagster.metadata import table_value
from errormap_dagster.quality.expectations import check_expectations
from errormap_dagster.quality.results import as_frame
from errormap_dagster.resources.project import ProjectResource


def contract_check(table: str) -> dg.AssetChecksDefinition:
    """A blocking check: columns, types, nulls, keys and closed lists are as the contract says."""

    @dg.asset_check(
        asset=table,
        name="contract",
        blocking=True,
        description=f"Columns, types, nulls, keys and closed lists of data_contracts/{table}.",
    )
    def contract(project: ProjectResource) -> dg.AssetCheckResult:
        rows = project.open().store.scan(table)
        found = violations(table, rows)
        return dg.AssetCheckResult(
            passed=not found,
            description="; ".join(f"{v.rule} {v.column}: {v.detail}" for v in found) or None,
            metadata={
                "contract_version": contract_version(table),
                "n_rows": int(rows.select(pl.len()).collect().item()),
                "n_violations": len(found),
                **({"violations": table_value(as_frame(found))} if found else {}),
            },
        )

    return contract


def expectations_check(table: str) -> dg.AssetChecksDefinition:
    """A check of the values: ranges, lengths and uniqueness, by Great Expectations."""

    @dg.asset_check(
        asset=table,
        name="expectations",
        description=f"The quality rules of data_contracts/{table}, run by Great Expectations.",
    )
    def expectations(project: ProjectResource) -> dg.AssetCheckResult:
        report = check_expectations(table, project.open().store.scan(table))
        return dg.AssetCheckResult(
            passed=not report.broken,
            severity=dg.AssetCheckSeverity.ERROR,
            description="; ".join(f"{b.column}: {b.rule}" for b in report.broken) or None,
            metadata={
                "n_rules": report.n_evaluated,
                "n_broken": len(report.broken),
                **({"broken": table_value(as_frame(report.broken))} if report.broken else {}),
            },
        )

    return expectations
