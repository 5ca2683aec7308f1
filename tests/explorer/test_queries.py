"""What the pages show equals what stands in the tables, counted another way."""

from pathlib import Path

import polars as pl
import pytest

from errormap_dagster.errors import TableMissingError
from errormap_dagster.queries import errors, history, trees
from errormap_dagster.queries.comparison import compare
from errormap_dagster.queries.failures import Wanted, find_failures, with_quotes
from errormap_dagster.queries.findings import findings
from errormap_dagster.queries.instance import UnknownFailureError, instance, neighbours
from errormap_dagster.queries.overview import overview
from errormap_dagster.queries.profile import profile
from errormap_dagster.queries.signatures import grid
from errormap_dagster.queries.spending import spending
from errormap_dagster.queries.tables import Tables
from errormap_dagster.store import Store


@pytest.fixture
def version(tables: Tables) -> errors.Version:
    return errors.reported_version(tables)


def test_outcomes_are_those_of_the_failure_ledger(tables: Tables, version: errors.Version) -> None:
    ledger = dict(tables.frame("failure_ledger").group_by("outcome").len().iter_rows())
    assert overview(tables, version).outcomes == ledger


def test_evaluations_add_up_to_all_predictions(tables: Tables, version: errors.Version) -> None:
    found = overview(tables, version)
    assert sum(row["n_predictions"] for row in found.evaluations) == found.n_predictions
    assert sum(row["n_failures"] for row in found.evaluations) == found.n_failures


def test_every_cell_of_the_heat_map_has_as_many_failures_behind_it(
    tables: Tables, version: errors.Version
) -> None:
    for dataset in errors.datasets_of(tables):
        for line in grid(tables, version, dataset).lines:
            for category, cell in line.cells.items():
                wanted = Wanted(dataset=dataset, model=line.model, category=category)
                assert find_failures(tables, version, wanted).height == cell.n_errors


def test_every_number_of_the_tree_has_as_many_failures_behind_it(tables: Tables) -> None:
    for version in errors.versions(tables):
        nodes = trees.tree(tables, version)
        while nodes:
            node = nodes.pop()
            wanted = Wanted(category=node.place.category.category_id)
            assert find_failures(tables, version, wanted).height == node.n_errors
            assert sum(child.n_errors for child in node.children) <= node.n_errors
            nodes += node.children


def test_pairs_of_a_comparison_lead_to_as_many_failures(
    tables: Tables, version: errors.Version
) -> None:
    dataset = errors.datasets_of(tables)[0]
    first, second = errors.models_of(tables, dataset)[:2]
    pairs = compare(tables, version, first, second, dataset).pairs
    parts = (pairs.n_neither, pairs.n_only_first, pairs.n_only_second, pairs.n_both)
    assert sum(parts) == pairs.n_examples
    only_first = Wanted(dataset=dataset, model=first, other_model=second)
    both = Wanted(dataset=dataset, model=first, other_model=second, other_result="wrong")
    assert find_failures(tables, version, only_first)["example_id"].n_unique() == parts[1]
    assert find_failures(tables, version, both)["example_id"].n_unique() == parts[3]


def test_streams_between_versions_hold_every_error_once(tables: Tables) -> None:
    source, target = errors.versions(tables)[:2]
    n_errors = tables.frame("category_assignments")["prediction_id"].n_unique()
    streams = history.streams(tables, source, target)
    assert sum(stream.n_errors for stream in streams) == n_errors
    one = streams[0]
    wanted = Wanted(category=one.source[0], also=(target, one.target[0]))
    assert find_failures(tables, source, wanted).height == one.n_errors


def test_text_is_found_in_inputs_and_outputs_whatever_its_case(
    tables: Tables, version: errors.Version
) -> None:
    texts = tables.frame("raw_predictions").join(
        tables.frame("failures").select("prediction_id"), on="prediction_id", how="semi"
    )
    word = str(texts["input_text"][0]).split()[0]
    found = find_failures(tables, version, Wanted(text=word.upper()))
    assert texts["prediction_id"][0] in found["prediction_id"].to_list()
    assert find_failures(tables, version, Wanted(text="no such text [(")).is_empty()


def test_quotes_keep_the_rows_and_their_order(tables: Tables, version: errors.Version) -> None:
    rows = find_failures(tables, version, Wanted(outcome="assigned")).head(20)
    quoted = with_quotes(tables, rows)
    assert quoted["prediction_id"].to_list() == rows["prediction_id"].to_list()
    assert quoted["evidence"].drop_nulls().len() > 0


def test_an_instance_tells_everything_of_its_failure(
    tables: Tables, version: errors.Version
) -> None:
    row = find_failures(tables, version, Wanted(outcome="assigned")).row(0, named=True)
    found = instance(tables, row["prediction_id"])
    assert found.prediction["example_id"] == row["example_id"]
    assert found.judged is not None
    assert found.judged["error_title"] == row["error_title"]
    assert len(found.assignments) == len(errors.versions(tables))
    others = {other["model"] for other in found.others}
    assert others == set(errors.models_of(tables, row["dataset"])) - {row["model"]}
    assert all(correct["model"] != row["model"] for correct in found.correct)


def test_neighbours_lead_through_an_evaluation(tables: Tables, version: errors.Version) -> None:
    row = find_failures(tables, version, Wanted()).row(0, named=True)
    here = neighbours(tables, version, row)
    assert here["before"] is None
    after = tables.frame("failures").filter(pl.col("prediction_id") == here["after"])
    assert neighbours(tables, version, after.row(0, named=True))["before"] == row["prediction_id"]


def test_an_unknown_failure_is_told(tables: Tables) -> None:
    with pytest.raises(UnknownFailureError, match="'nothing'"):
        instance(tables, "nothing")


def test_findings_lie_above_the_mean_of_the_others(tables: Tables, version: errors.Version) -> None:
    found = findings(tables, version)
    assert found
    for finding in found:
        assert finding.cell.low > finding.others_share
        assert finding.category_id not in errors.WITHOUT_CATEGORY


def test_a_profile_counts_each_model_once(tables: Tables, version: errors.Version) -> None:
    dataset = errors.datasets_of(tables)[0]
    found = profile(tables, version, dataset)
    assert sum(spread.mean_share for spread in found.spreads) == pytest.approx(1.0)
    hardest = found.hardest.row(0, named=True)
    assert hardest["n_failed"] <= hardest["n_asked"]


def test_the_embedded_analyst_costs_nothing(tables: Tables) -> None:
    assert spending(tables).n_calls == 0


def test_tables_are_read_again_when_their_files_change(
    demo_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("errormap_dagster.queries.tables._BELIEVED_SECONDS", 0.0)
    store = Store(tmp_path / "tables")
    tables = Tables(store)
    with pytest.raises(TableMissingError, match="errormap run"):
        tables.frame("evaluations")
    rows = Store(demo_home / "tables").read("evaluations")
    store.write("evaluations", rows, "first")
    assert tables.frame("evaluations").height == rows.height
    store.write("evaluations", rows.head(1), "second")
    assert tables.frame("evaluations").height == 1
