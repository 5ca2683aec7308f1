import polars as pl
import pytest
from open_data_contract_standard.model import SchemaProperty

from errormap_dagster.contracts import registry
from errormap_dagster.contracts.check import require, violations
from errormap_dagster.errors import ContractError
from errormap_dagster.paths import contracts_dir

TABLES = registry.table_names()


@pytest.mark.parametrize("table", TABLES)
def test_contract_keeps_the_standards_own_schema(table: str) -> None:
    assert registry.standard_violations(contracts_dir() / f"{table}.odcs.yaml") == []


@pytest.mark.parametrize("table", TABLES)
def test_contract_has_a_key_a_grain_and_described_columns(table: str) -> None:
    assert registry.primary_key(table)
    grain = registry.table_schema(table).dataGranularityDescription or ""
    assert grain.startswith("One row per ")
    for column in registry.columns(table):
        assert column.description, column.name


@pytest.mark.parametrize("table", TABLES)
def test_column_lineage_names_columns_that_exist(table: str) -> None:
    for column in registry.columns(table):
        for source in column.transformSourceObjects or []:
            above, name = source.split(".")
            assert name in registry.column_names(above), f"{table}.{column.name} <- {source}"


@pytest.mark.parametrize("table", TABLES)
def test_an_empty_table_keeps_its_contract(table: str) -> None:
    assert violations(table, registry.empty_frame(table)) == []


def test_same_column_name_has_the_same_type_in_every_table() -> None:
    types: dict[str, set[str]] = {}
    for table in TABLES:
        for column in registry.columns(table):
            types.setdefault(column.name or "", set()).add(column.physicalType or "")
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


def test_unknown_table_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ContractError, match="signatures"):
        registry.load_contract("signature")


def test_unknown_physical_type_is_an_error() -> None:
    column = SchemaProperty(name="x", physicalType="MONEY")
    with pytest.raises(ContractError, match="MONEY"):
        registry._polars_type(column)  # pyright: ignore[reportPrivateUsage] - no contract has one


def failures_frame(**changes: object) -> pl.DataFrame:
    row = {
        "prediction_id": "a" * 32,
        "dataset": "d",
        "model": "m",
        "example_id": "e",
        "trial": 1,
        "score": 0.0,
        "metric": "score",
        "threshold": 1.0,
        "higher_is_better": True,
        "is_sampled": True,
        "sampling_weight": 1.0,
    }
    return pl.DataFrame([{**row, **changes}], schema=registry.polars_schema("failures"))


def test_a_frame_that_keeps_its_contract_passes_through() -> None:
    frame = failures_frame()
    assert require("failures", frame) is frame


@pytest.mark.parametrize(
    ("frame", "rule"),
    [
        pytest.param(failures_frame().drop("trial"), "columns", id="column missing"),
        pytest.param(failures_frame().with_columns(x=1), "columns", id="column too many"),
        pytest.param(failures_frame().reverse().select(pl.all().cast(str)), "type", id="type"),
        pytest.param(failures_frame(model=None), "required", id="null"),
        pytest.param(pl.concat([failures_frame()] * 2), "key", id="key repeated"),
    ],
)
def test_a_broken_frame_is_refused_with_the_rule(frame: pl.DataFrame, rule: str) -> None:
    assert rule in {found.rule for found in violations("failures", frame)}
    with pytest.raises(ContractError, match=rule):
        require("failures", frame)


def test_a_value_outside_its_closed_list_is_named() -> None:
    row = {
        "source_uri": "a.csv",
        "row_number": 1,
        "reason": "bored",
        "detail": "x",
        "raw_row": "",
        "landed_at": None,
    }
    frame = pl.DataFrame([row], schema=registry.polars_schema("quarantined_rows"))
    found = {v.rule: v for v in violations("quarantined_rows", frame)}
    assert "bored" in found["closed_list"].detail
    assert found["required"].column == "landed_at"
