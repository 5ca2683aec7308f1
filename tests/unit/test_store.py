from pathlib import Path

import duckdb
import polars as pl
import pytest

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.errors import ContractError, TableMissingError
from errormap_dagster.store import Store
from errormap_dagster.tables import CODE_VERSIONS


def picks(dataset: str, n: int = 2) -> pl.DataFrame:
    rows = [
        {
            "dataset": dataset,
            "example_id": f"e{i}",
            "rank": 1,
            "model": "m",
            "output_text": f"text {i}",
            "prediction_id": f"{i:032d}",
        }
        for i in range(n)
    ]
    return pl.DataFrame(rows, schema=polars_schema("informative_correct_predictions"))


TABLE = "informative_correct_predictions"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "tables")


def test_what_is_written_is_read_back(store: Store) -> None:
    written = store.write(TABLE, picks("d"), "mark", {"dataset": "d"})
    assert written.n_rows == 2
    assert store.read(TABLE).equals(picks("d"))
    assert store.fingerprint(TABLE, {"dataset": "d"}) == "mark"
    assert store.n_rows(TABLE, {"dataset": "d"}) == 2


def test_several_frames_become_one_file(store: Store) -> None:
    store.write(TABLE, iter([picks("d", 1), picks("d", 3).tail(2)]), "mark", {"dataset": "d"})
    assert store.read(TABLE).height == 3


@pytest.mark.parametrize(
    "name",
    ["../../evil", "a/b", "a:b", "a|b", "CON", "..", "ü é", "100%", "x" * 400, "a=b", "~", "\n"],
)
def test_any_name_stays_below_the_tables_folder(store: Store, tmp_path: Path, name: str) -> None:
    store.write(TABLE, picks(name), "mark", {"dataset": name})
    inside = set((tmp_path / "tables").rglob("*.parquet"))
    assert set(tmp_path.rglob("*.parquet")) == inside
    assert store.scan(TABLE, {"dataset": name}).collect().height == 2
    assert store.partitions(TABLE, ["dataset"]) == [{"dataset": name}]


def test_long_names_that_share_a_head_do_not_share_a_folder(store: Store) -> None:
    for tail in "ab":
        store.write(TABLE, picks("x" * 400 + tail), "mark", {"dataset": "x" * 400 + tail})
    assert store.read(TABLE).height == 4


def test_a_table_that_was_never_made_is_an_error_with_the_remedy(store: Store) -> None:
    with pytest.raises(TableMissingError, match="errormap run"):
        store.read(TABLE)
    assert store.scan(TABLE).collect().is_empty()
    assert store.fingerprint(TABLE, {"dataset": "d"}) is None


def test_rows_that_break_the_contract_leave_the_old_rows(store: Store, tmp_path: Path) -> None:
    store.write(TABLE, picks("d"), "old", {"dataset": "d"})
    with pytest.raises(ContractError):
        store.write(TABLE, picks("d").drop("rank"), "new", {"dataset": "d"})
    assert store.fingerprint(TABLE, {"dataset": "d"}) == "old"
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_removed_partition_leaves_no_folder(store: Store, tmp_path: Path) -> None:
    store.write(TABLE, picks("d"), "mark", {"dataset": "d"})
    store.remove(TABLE, {"dataset": "d"})
    assert store.read(TABLE).is_empty() if store.exists(TABLE) else True
    assert [p.name for p in (tmp_path / "tables" / TABLE).iterdir()] == ["_schema.parquet"]


def test_the_same_rows_give_the_same_bytes(store: Store) -> None:
    path = store.folder(TABLE) / "dataset=d" / "part.parquet"
    store.write(TABLE, picks("d"), "mark", {"dataset": "d"})
    first = path.read_bytes()
    store.write(TABLE, picks("d"), "mark", {"dataset": "d"})
    assert path.read_bytes() == first


def test_the_schema_of_an_older_contract_is_replaced_and_one_of_this_is_left(store: Store) -> None:
    path = store.folder(TABLE) / "_schema.parquet"
    path.parent.mkdir(parents=True)
    picks("d", 0).drop("rank").write_parquet(path)
    store.declare(TABLE)
    assert pl.read_parquet_schema(path) == polars_schema(TABLE)
    written = path.stat()
    Store(store.folder(TABLE).parent).declare(TABLE)
    assert path.stat().st_ino == written.st_ino


@pytest.mark.parametrize("table", sorted(CODE_VERSIONS))
def test_a_schema_reads_as_it_was_written(store: Store, table: str) -> None:
    store.declare(table)
    written = (store.folder(table) / "_schema.parquet").stat()
    Store(store.folder(table).parent).declare(table)
    assert (store.folder(table) / "_schema.parquet").stat().st_ino == written.st_ino


def test_duckdb_reads_a_declared_table_without_rows(store: Store) -> None:
    store.declare("judged_errors")
    glob = (store.folder("judged_errors") / "**" / "*.parquet").as_posix()
    rows = duckdb.sql(f"select * from read_parquet('{glob}', hive_partitioning=false)")
    assert rows.columns == polars_schema("judged_errors").names()
    assert rows.fetchall() == []
