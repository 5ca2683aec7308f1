"""Holding a frame to its contract: columns, types, nulls, keys and closed lists.

Rules about values (ranges, lengths, drift) are expectations and run in ``quality/``.
"""

from typing import Literal, NamedTuple

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
Engine = Literal["in-memory", "streaming"]


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


def _value_violations(table: str, frame: pl.LazyFrame, engine: Engine) -> list[Violation]:
    """Nulls in required columns and values outside of closed lists, counted in one pass."""
    required = [column.name or "" for column in columns(table) if column.required]
    lists = {c.name: allowed for c in columns(table) if c.name and (allowed := closed_list(c))}
    outside = {name: _is_outside(name, allowed) for name, allowed in lists.items()}
    counts = frame.select(
        *(pl.col(name).null_count().alias(f"null {name}") for name in required),
        *(is_outside.sum().alias(f"outside {name}") for name, is_outside in outside.items()),
    ).collect(engine=engine)
    found = counts.row(0, named=True) if counts.width else {}
    nulls = [
        Violation("required", name, n, "is null")
        for name in required
        if (n := found[f"null {name}"])
    ]
    return nulls + [
        Violation("closed_list", name, n, f"not allowed: {_values(frame, name, is_outside)}")
        for name, is_outside in outside.items()
        if (n := found[f"outside {name}"])
    ]


def _is_outside(name: str, allowed: list[object]) -> pl.Expr:
    return ~pl.col(name).is_in(allowed) & pl.col(name).is_not_null()


def _values(frame: pl.LazyFrame, name: str, is_outside: pl.Expr) -> list[str]:
    values = frame.filter(is_outside).select(pl.col(name).unique()).collect(engine="streaming")
    return sorted(values[name].to_list())[:_EXAMPLES_SHOWN]


def _key_violations(table: str, frame: pl.LazyFrame, engine: Engine) -> list[Violation]:
    key = primary_key(table)
    if not key:
        return []
    repeated = frame.group_by(key).len().filter(pl.col("len") > 1).collect(engine=engine)
    if repeated.is_empty():
        return []
    shown = repeated.sort(key).head(_EXAMPLES_SHOWN).select(key).rows()
    return [Violation("key", ", ".join(key), int(repeated["len"].sum()), f"repeated: {shown}")]


def violations(table: str, frame: pl.DataFrame | pl.LazyFrame) -> list[Violation]:
    """Every way in which a frame breaks the contract of ``table``; empty when it keeps it."""
    lazy = frame.lazy()
    if broken := _schema_violations(table, lazy.collect_schema()):
        return broken
    # A frame is in memory already: the streaming engine would only take longer to begin.
    engine: Engine = "in-memory" if isinstance(frame, pl.DataFrame) else "streaming"
    return [*_value_violations(table, lazy, engine), *_key_violations(table, lazy, engine)]


def require(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame itself, when it keeps its contract.

    Raises:
        ContractError: it does not; the message lists every violation.
    """
    if broken := violations(table, frame):
        listed = "; ".join(f"{v.rule} {v.column} ({v.n_rows} rows): {v.detail}" for v in broken)
        raise ContractError(f"{table} breaks its contract: {listed}")
    return frame
