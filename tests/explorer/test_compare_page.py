"""The page of two models: their tests, and what is said of differences without a name."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from starlette.testclient import TestClient

from errormap_dagster.explorer.app import explorer
from errormap_dagster.queries.errors import Version
from errormap_dagster.queries.significance import differences
from errormap_dagster.queries.tables import Tables
from errormap_dagster.store import Store

COMPARISON = {
    "taxonomy": "atlas",
    "version": 1,
    "dataset": "all",
    "model_a": "aster-3b",
    "model_b": "birch-8b",
    "category_id": "any",
    "n_pairs": 46,
    "n_fixed": 20,
    "n_broken": 4,
    "rate_a": 0.6,
    "rate_b": 0.2,
    "rate_difference": -0.4,
    "rate_difference_low": -0.5,
    "rate_difference_high": -0.3,
    "q_value": 0.0001,
    "is_significant": True,
    "test": "mcnemar_exact",
}


Put = Callable[[str, Sequence[Mapping[str, object]]], None]


def test_a_pair_that_was_not_tested_names_the_command(home: Path) -> None:
    shutil.rmtree(home / "tables" / "model_comparisons", ignore_errors=True)
    client = TestClient(explorer(Store(home / "tables")))
    shown = client.get("/compare?a=aster-3b&b=birch-8b&dataset=word_problems").text
    assert "errormap compare aster-3b birch-8b --dataset word_problems" in shown


def test_a_tested_pair_shows_its_tests_whichever_model_stands_first(home: Path, put: Put) -> None:
    category = {**COMPARISON, "category_id": "atlas.computation_error", "is_significant": False}
    put("model_comparisons", [category, COMPARISON])
    tables = Tables(Store(home / "tables"))
    version = Version("atlas", 1)
    told = differences(tables, version, "aster-3b", "birch-8b", None)
    turned = differences(tables, version, "birch-8b", "aster-3b", None)
    assert told
    assert turned
    assert [row.category_id for row in told] == ["any", "atlas.computation_error"]
    assert (told[0].difference, told[0].low, told[0].high) == (0.4, 0.3, 0.5)
    assert (turned[0].difference, turned[0].low, turned[0].high) == (-0.4, -0.5, -0.3)
    assert (told[0].n_only_first, told[0].n_only_second) == (20, 4)
    assert (turned[0].n_only_first, turned[0].n_only_second) == (4, 20)
    assert (told[0].rate_first, turned[0].rate_first) == (0.6, 0.2)
    assert differences(tables, version, "aster-3b", "elm-code", None) is None
    shown = TestClient(explorer(Store(home / "tables"))).get("/compare?a=aster-3b&b=birch-8b").text
    assert "mcnemar exact" in shown
    assert "&lt; 0.001" in shown


def test_a_difference_without_a_name_is_told_as_such(home: Path, put: Put) -> None:
    unnamed = {**COMPARISON, "category_id": "unassigned", "rate_difference": -0.21}
    path = "/compare?a=aster-3b&b=birch-8b"
    put("model_comparisons", [COMPARISON, unnamed])
    shown = TestClient(explorer(Store(home / "tables"))).get(path).text
    assert "Most of this difference has no name" in shown
    assert "+40.0" in shown
    assert "+21.0" in shown
    assert "judge.kind: llm" in shown
    for named in ({"rate_difference": -0.19}, {"rate_difference": 0.21}):
        put("model_comparisons", [COMPARISON, {**unnamed, **named}])
        assert "no name" not in TestClient(explorer(Store(home / "tables"))).get(path).text
    put("model_comparisons", [{**COMPARISON, "is_significant": False}, unnamed])
    assert "no name" not in TestClient(explorer(Store(home / "tables"))).get(path).text
