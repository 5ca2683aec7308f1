"""Holding a frame to its contract: columns, types, nulls, keys and closed lists.

Rules about values (ranges, lengths, drift) are expectations and run in ``quality/``.
"""

from typing import NamedTuple

import polars as pl

from errormap_dagster.contracts.registry import (
    closed_list,
    column_names,
    columns,
    polars_schema,
    primary_key,
)
from errormap_dagster.errors import ContractError

_EXAMPLES_SHOWN = 5


class Violation(NamedTuple):
    """One way in which a frame breaks its contract."""

    rule: str
    column: str
    n_rows: int
    detail: str


def _schema_violations(table: str, schema: pl.Schema) -> list[Violation]:
    wanted = polars_schema(table)
    if list(schema.names()) != column_names(table):
        missing = sorted(set(wanted) - set(schema))
        surplus = sorted(set(schema) - set(wanted))
        detail = f"missing {missing}, surplus {surplus}"
        return [Violation("columns", "", 0, detail if missing or surplus else "wrong order")]
    return [
        Violation("type", name, 0, f"is {schema[name]}, must be {wanted[name]}")
        for name in wanted
        if schema[name] != wanted[name]
    ]


def _null_violations(table: str, frame: pl.LazyFrame) -> list[Violation]:
    required = [column.name or "" for column in columns(table) if column.required]
    counts = frame.select(pl.col(required).null_count()).collect(engine="streaming").row(0)
    return [
        Violation("required", name, count, "is null")
        for name, count in zip(required, counts, strict=True)
        if count
    ]


def _key_violations(table: str, frame: pl.LazyFrame) -> list[Violation]:
    key = primary_key(table)
    if not key:
        return []
    repeated = frame.group_by(key).len().filter(pl.col("len") > 1).collect(engine="streaming")
    if repeated.is_empty():
        return []
    shown = repeated.sort(key).head(_EXAMPLES_SHOWN).select(key).rows()
    return [Violation("key", ", ".join(key), int(repeated["len"].sum()), f"repeated: {shown}")]


def _closed_list_violations(table: str, frame: pl.LazyFrame) -> list[Violation]:
    found: list[Violation] = []
    for column in columns(table):
        allowed = closed_list(column)
        if allowed is None or column.name is None:
            continue
        outside = ~pl.col(column.name).is_in(allowed) & pl.col(column.name).is_not_null()
        counts = frame.filter(outside).group_by(column.name).len().collect(engine="streaming")
        if not counts.is_empty():
            values = sorted(counts[column.name].to_list())[:_EXAMPLES_SHOWN]
            n_rows = int(counts["len"].sum())
            found.append(Violation("closed_list", column.name, n_rows, f"not allowed: {values}"))
    return found


def violations(table: str, frame: pl.DataFrame | pl.LazyFrame) -> list[Violation]:
    """Every way in which a frame breaks the contract of ``table``; empty when it keeps it."""
    lazy = frame.lazy()
    if broken := _schema_violations(table, lazy.collect_schema()):
        return broken
    return [
        *_null_violations(table, lazy),
        *_key_violations(table, lazy),
        *_closed_list_violations(table, lazy),
    ]


def require(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame itself, when it keeps its contract.

    Raises:
        ContractError: it does not; the message lists every violation.
    """
    if broken := violations(table, frame):
        listed = "; ".join(f"{v.rule} {v.column} ({v.n_rows} rows): {v.detail}" for v in broken)
        raise ContractError(f"{table} breaks its contract: {listed}")
    return frame
