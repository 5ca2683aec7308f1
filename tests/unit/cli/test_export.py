from pathlib import Path

import polars as pl
import pytest

from errormap_dagster.cli.export import export_table, spreadsheet_safe
from errormap_dagster.errors import ContractError, ErrorMapError, TableMissingError


@pytest.mark.parametrize(
    ("cell", "exported"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM", "'@SUM"),
        ("  =1", "'  =1"),
        ("\t=1", "'\t=1"),
        ("plain = fine", "plain = fine"),
        ("", ""),
        (None, None),
    ],
)
def test_a_cell_cannot_become_a_formula(cell: str | None, exported: str | None) -> None:
    frame = pl.DataFrame({"text": [cell], "n": [-1]}, schema={"text": pl.String, "n": pl.Int64})
    assert spreadsheet_safe(frame).rows() == [(exported, -1)]


def test_nested_columns_become_json() -> None:
    frame = pl.DataFrame({"criteria": [[{"criterion": "a", "evidence": None}], []]})
    texts = spreadsheet_safe(frame)["criteria"].to_list()
    assert texts == ['[{"criterion":"a","evidence":null}]', "[]"]


@pytest.mark.parametrize(
    ("table", "name", "error", "told"),
    [
        ("nonsense", "x.csv", ContractError, "judged_errors"),
        ("signatures", "x.xlsx", ErrorMapError, r"\.csv, \.parquet, \.jsonl"),
        ("signatures", "missing/x.csv", ErrorMapError, "does not exist"),
        ("signatures", "x.csv", TableMissingError, "errormap run"),
    ],
)
def test_what_cannot_be_exported_says_why(
    tmp_path: Path, table: str, name: str, error: type[ErrorMapError], told: str
) -> None:
    with pytest.raises(error, match=told):
        export_table(tmp_path / "home", table, tmp_path / name)
    assert not (tmp_path / name).exists()
