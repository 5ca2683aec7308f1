import doctest
from pathlib import Path

import polars as pl
import pytest

from errormap_dagster import read
from errormap_dagster.contracts.registry import empty_frame
from errormap_dagster.errors import ContractError, TableMissingError
from errormap_dagster.store import Store


@pytest.fixture
def made(home_folder: Path) -> Path:
    Store(home_folder / "tables").write("evaluations", empty_frame("evaluations"), "mark")
    return home_folder


@pytest.mark.usefixtures("made")
def test_a_table_of_the_environments_home_is_one_call() -> None:
    assert read.table("evaluations").columns == empty_frame("evaluations").columns


def test_a_home_that_is_named_goes_first(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERRORMAP_HOME", "elsewhere")
    assert read.table("evaluations", made).is_empty()


@pytest.mark.usefixtures("made")
def test_scanning_is_lazy() -> None:
    assert isinstance(read.scan("evaluations"), pl.LazyFrame)


@pytest.mark.usefixtures("made")
def test_an_unknown_table_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ContractError, match=r"signature'.*judged_errors.*signatures"):
        read.table("signature")


@pytest.mark.usefixtures("made")
def test_a_table_that_was_not_made_is_answered_with_the_command_and_those_made() -> None:
    with pytest.raises(TableMissingError, match=r"errormap run.*were made: evaluations\."):
        read.table("signatures")


def test_a_folder_that_is_no_home_is_told_and_not_made(home_folder: Path) -> None:
    with pytest.raises(TableMissingError, match="ERRORMAP_HOME"):
        read.table("signatures")
    assert not home_folder.exists()


def test_every_contract_is_a_table_to_read() -> None:
    assert "raw_predictions" in read.names()


def test_the_examples_of_the_docstring_run() -> None:
    assert doctest.testmod(read).failed == 0
