"""Reading the data contracts, and what follows from them alone: names, types, keys, closed lists.

One Open Data Contract Standard file per table is the only description of that table; everything
else asks here. Checking a frame against a contract is in ``check.py``.
"""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import yaml
from jsonschema import Draft201909Validator
from open_data_contract_standard.model import (
    DataQuality,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
)
from pydantic import ValidationError

from errormap_dagster.errors import ContractError
from errormap_dagster.paths import contracts_dir

_SUFFIX = ".odcs.yaml"
_POLARS_TYPES: dict[str, pl.DataType] = {
    "VARCHAR": pl.String(),
    "BIGINT": pl.Int64(),
    "DOUBLE": pl.Float64(),
    "BOOLEAN": pl.Boolean(),
    "TIMESTAMPTZ": pl.Datetime("us", "UTC"),
}


class Expectation(NamedTuple):
    """A Great Expectations rule of a contract's ``quality`` section."""

    type: str
    kwargs: dict[str, Any]


def table_names() -> list[str]:
    """All tables that have a contract, sorted."""
    return sorted(path.name.removesuffix(_SUFFIX) for path in contracts_dir().glob(f"*{_SUFFIX}"))


@cache
def _validator() -> Draft201909Validator:
    schema = files("open_data_contract_standard").joinpath("schema.json")
    return Draft201909Validator(json.loads(schema.read_text(encoding="utf-8")))


def _document(path: Path) -> Any:
    # The C parser reads all contracts in a fraction of a second, at every start of Dagster.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506 - both are safe loaders


def standard_violations(path: Path) -> list[str]:
    """What a contract file breaks of the standard's own JSON schema, one message each."""
    document = _document(path)
    return [
        f"{path.name}: {'/'.join(map(str, error.path)) or '(top)'}: {error.message}"
        for error in _validator().iter_errors(document)
    ]


@cache
def load_contract(table: str) -> OpenDataContractStandard:
    """The contract of a table.

    The standard's JSON schema takes a second over all contracts, so it is left to
    `errormap contracts` and the tests; what the code reads of a contract, the model holds.

    Raises:
        ContractError: there is none, or it does not fit the standard's model.
    """
    path = contracts_dir() / f"{table}{_SUFFIX}"
    if not path.is_file():
        known = ", ".join(table_names())
        raise ContractError(f"There is no table {table!r}. Tables with a contract: {known}.")
    try:
        return OpenDataContractStandard.model_validate(_document(path))
    except ValidationError as error:
        raise ContractError(f"{path.name}: {error}") from error


def contract_version(table: str) -> str:
    """The semantic version of a table's contract."""
    return load_contract(table).version or ""


def table_schema(table: str) -> SchemaObject:
    """The schema object of a table's contract."""
    schemas = load_contract(table).schema_
    if not schemas:
        raise ContractError(f"{table}{_SUFFIX} has no schema.")
    return schemas[0]


def columns(table: str) -> list[SchemaProperty]:
    """The columns of a table in order."""
    return table_schema(table).properties or []


def column_names(table: str) -> list[str]:
    """The names of a table's columns in order."""
    return [column.name or "" for column in columns(table)]


def primary_key(table: str) -> list[str]:
    """The columns that identify a row, in key order."""
    key = [column for column in columns(table) if column.primaryKey]
    return [column.name or "" for column in sorted(key, key=lambda c: c.primaryKeyPosition or 0)]


def _polars_type(column: SchemaProperty) -> pl.DataType:
    physical = column.physicalType or ""
    if physical == "STRUCT" and column.properties:
        return pl.Struct({field.name or "": _polars_type(field) for field in column.properties})
    if physical.endswith("[]") and column.items:
        return pl.List(_polars_type(column.items))
    try:
        return _POLARS_TYPES[physical]
    except KeyError as error:
        known = ", ".join(_POLARS_TYPES)
        message = f"Column {column.name}: physicalType {physical!r} is not one of {known}, [] of it"
        raise ContractError(message) from error


@cache
def polars_schema(table: str) -> pl.Schema:
    """Column names and polars types of a table, in order."""
    return pl.Schema({column.name or "": _polars_type(column) for column in columns(table)})


def empty_frame(table: str) -> pl.DataFrame:
    """A frame of no rows with the table's schema."""
    return _empty_frame(table).clone()


@cache
def _empty_frame(table: str) -> pl.DataFrame:
    return pl.DataFrame(schema=polars_schema(table))


def closed_list(column: SchemaProperty) -> list[object] | None:
    """The only values a column may hold, or None when it is open."""
    for rule in column.quality or []:
        if rule.metric == "invalidValues" and rule.arguments:
            return list(rule.arguments["validValues"])
    return None


def _expectation(rule: DataQuality, column: str | None) -> Expectation | None:
    if rule.engine != "greatExpectations" or not isinstance(rule.implementation, dict):
        return None
    kwargs = {**({"column": column} if column else {}), **rule.implementation.get("kwargs", {})}
    return Expectation(rule.implementation["type"], kwargs)


def expectations(table: str) -> list[Expectation]:
    """The Great Expectations rules in the ``quality`` sections of a table and its columns."""
    rules = [_expectation(rule, None) for rule in table_schema(table).quality or []]
    for column in columns(table):
        rules += [_expectation(rule, column.name) for rule in column.quality or []]
    return [rule for rule in rules if rule]
