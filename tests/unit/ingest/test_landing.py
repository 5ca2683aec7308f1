import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.landing import Landing

Row = dict[str, Any]
Make = Callable[..., Row]
Write = Callable[[str, Sequence[Row]], Path]
COUNTS = ["n_rows", "n_kept", "n_quarantined", "n_duplicates"]


def all_predictions(landing: Landing) -> pl.DataFrame:
    parts = [part for e in landing.evaluations() for part in landing.assemble(e)]
    return pl.concat(parts) if parts else pl.DataFrame()


def counts(landing: Landing) -> dict[str, tuple[int, ...]]:
    files = landing.account().landed_files
    return {row[0]: row[1:] for row in files.select("source_uri", *COUNTS).iter_rows()}


def statuses(landing: Landing) -> list[tuple[str, str]]:
    return landing.account().landed_files.select("source_uri", "status").rows()


def test_the_same_file_twice_changes_nothing(
    landing: Landing, prediction: Make, write_jsonl: Write
) -> None:
    path = write_jsonl("d.jsonl", [prediction(), prediction(example_id="e2")])
    landing.add([path])
    before = landing.account()
    landing.add([path, path])
    after = landing.account()
    assert after.landed_files.equals(before.landed_files)
    assert counts(landing) == {"d.jsonl": (2, 2, 0, 0)}


def test_a_corrected_file_replaces_its_rows(
    landing: Landing, prediction: Make, write_jsonl: Write
) -> None:
    path = write_jsonl("d.jsonl", [prediction(score=0), prediction(example_id="e2")])
    landing.add([path])
    write_jsonl("d.jsonl", [prediction(score=1)])
    landing.add([path])
    assert all_predictions(landing).select("example_id", "score").rows() == [("e1", 1.0)]
    assert sorted(status for _, status in statuses(landing)) == ["landed", "superseded"]


def test_a_correction_that_is_taken_back_restores_the_first_rows(
    landing: Landing, prediction: Make, write_jsonl: Write
) -> None:
    path = write_jsonl("d.jsonl", [prediction()])
    landing.add([path])
    first = all_predictions(landing)
    write_jsonl("d.jsonl", [prediction(score=1)])
    landing.add([path])
    write_jsonl("d.jsonl", [prediction()])
    landing.add([path])
    assert all_predictions(landing).equals(first)


def test_an_unreadable_correction_leaves_the_old_rows(
    landing: Landing, prediction: Make, write_jsonl: Write
) -> None:
    path = write_jsonl("d.jsonl", [prediction()])
    landing.add([path])
    path.write_bytes(b"PAR1 broken")
    landing.add([path])
    assert sorted(status for _, status in statuses(landing)) == ["landed", "unreadable"]
    assert all_predictions(landing).height == 1
    write_jsonl("d.jsonl", [prediction(score=1)])
    landing.add([path])
    assert sorted(s for _, s in statuses(landing)) == ["landed", "superseded", "superseded"]


def test_a_correction_may_take_an_evaluation_away(
    landing: Landing, prediction: Make, write_jsonl: Write
) -> None:
    path = write_jsonl("d.jsonl", [prediction(), prediction(model="gone")])
    landing.add([path])
    write_jsonl("d.jsonl", [prediction()])
    landing.add([path])
    assert landing.evaluations() == [("d", "m")]


def test_rows_of_one_example_without_trials_are_trials_numbered_by_content(
    landing: Landing, prediction: Make, write_jsonl: Write
) -> None:
    rows = [prediction(output_text=text, score=s) for s, text in enumerate(["a", "b", "a", "c"])]
    landing.add([write_jsonl("d.jsonl", rows)])
    first = all_predictions(landing)
    assert sorted(first["trial"]) == [1, 2, 3, 4]
    landing.add([write_jsonl("d.jsonl", rows[::-1])])
    assert all_predictions(landing).drop("landed_at").equals(first.drop("landed_at"))


def test_equal_rows_of_one_file_are_trials_too(
    landing: Landing, prediction: Make, write_jsonl: Write
) -> None:
    landing.add([write_jsonl("d.jsonl", [prediction(), prediction()])])
    found = all_predictions(landing)
    assert found["trial"].to_list() == [1, 2] or found["trial"].to_list() == [2, 1]
    assert found["prediction_id"].n_unique() == 2


def test_declared_trials_are_kept_and_others_numbered_after_them(
    landing: Landing, prediction: Make, write_jsonl: Write
) -> None:
    rows = [prediction(trial=0), prediction(trial=5, output_text="x"), prediction(output_text="y")]
    landing.add([write_jsonl("d.jsonl", rows)])
    found = all_predictions(landing).select("trial", "output_text").sort("trial").rows()
    assert found == [(0, "Four."), (5, "x"), (6, "y")]


def test_the_same_rows_in_another_file_are_duplicates(
    landing: Landing, prediction: Make, write_jsonl: Write
) -> None:
    rows = [prediction(dataset="d"), prediction(dataset="d", example_id="e2")]
    landing.add([write_jsonl("a.jsonl", rows), write_jsonl("b.jsonl", rows)])
    assert counts(landing) == {"a.jsonl": (2, 2, 0, 0), "b.jsonl": (2, 0, 0, 2)}
    assert statuses(landing) == [("a.jsonl", "landed"), ("b.jsonl", "duplicate")]


def test_a_contradiction_between_files_is_reported_and_resolved_by_nobody(
    landing: Landing, prediction: Make, write_jsonl: Write
) -> None:
    mine = [prediction(dataset="d"), prediction(dataset="d", example_id="e2")]
    yours = [prediction(dataset="d", score=1)]
    landing.add([write_jsonl("a.jsonl", mine), write_jsonl("b.jsonl", yours)])
    assert all_predictions(landing)["example_id"].to_list() == ["e2"]
    assert counts(landing) == {"a.jsonl": (2, 1, 1, 0), "b.jsonl": (1, 0, 1, 0)}
    refused = landing.account().quarantined_rows
    assert set(refused["reason"]) == {"conflict"}
    assert all("a.jsonl, b.jsonl" in detail for detail in refused["detail"])


def test_a_file_of_the_same_name_from_another_place_replaces_nothing(
    landing: Landing, prediction: Make, write_jsonl: Write
) -> None:
    one = write_jsonl("run1/results.jsonl", [prediction(model="m1")])
    two = write_jsonl("run2/results.jsonl", [prediction(model="m2")])
    landing.add([one])
    landing.add([two])
    landing.add([two])
    assert [e.model for e in landing.evaluations()] == ["m1", "m2"]
    names = landing.account().landed_files["source_uri"].to_list()
    assert names[0] == "results.jsonl"
    assert names[1].startswith("results.jsonl~")


def test_files_of_one_name_from_two_places_in_one_delivery_are_two_files(
    landing: Landing, prediction: Make, write_jsonl: Write
) -> None:
    one = write_jsonl("run1/results.jsonl", [prediction(model="m1")])
    two = write_jsonl("run2/results.jsonl", [prediction(model="m2")])
    landing.add([one, two])
    assert [e.model for e in landing.evaluations()] == ["m1", "m2"]
    landing.add([one, two])
    assert [status for _, status in statuses(landing)] == ["landed", "landed"]


def test_the_order_of_rows_files_and_landings_does_not_matter(
    landing: Landing, tmp_path: Path, prediction: Make, write_jsonl: Write
) -> None:
    rows = [
        prediction(dataset="d", example_id=f"e{n % 7}", output_text=f"t{n % 3}", model=f"m{n % 2}")
        for n in range(40)
    ]
    landing.add([write_jsonl("a.jsonl", rows[:25]), write_jsonl("b.jsonl", rows[25:])])
    shuffled = sorted(rows[:25], key=lambda row: str(sorted(row.items()))[::-1])
    for name in ("s2", "l2"):
        (tmp_path / name).mkdir()
    other = Landing(tmp_path / "s2", tmp_path / "l2", clock=landing._clock)  # pyright: ignore[reportPrivateUsage] - the same clock
    other.add([write_jsonl("b.jsonl", rows[25:][::-1])])
    other.add([write_jsonl("a.jsonl", shuffled)])
    assert all_predictions(other).equals(all_predictions(landing))
    assert (
        other.account()
        .landed_files.drop("content_hash", "n_bytes")
        .equals(landing.account().landed_files.drop("content_hash", "n_bytes"))
    )
    assert [other.fingerprint(e) for e in other.evaluations()] == [
        landing.fingerprint(e) for e in landing.evaluations()
    ]


def test_large_evaluations_are_assembled_in_parts(
    landing: Landing, prediction: Make, write_jsonl: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("errormap_dagster.ingest.assemble._PART_BYTES", 100)
    rows = [prediction(example_id=f"e{n}", output_text="x" * 60) for n in range(10)]
    landing.add([write_jsonl("d.jsonl", rows)])
    (evaluation,) = landing.evaluations()
    parts = list(landing.assemble(evaluation))
    ids = [key for part in parts for key in part["prediction_id"]]
    assert len(parts) > 3
    assert ids == sorted(ids)
    assert len(set(ids)) == 10


def test_the_landing_folder_is_read_once_per_change(
    landing: Landing, prediction: Make, write_jsonl: Write
) -> None:
    path = write_jsonl("landing/sub/d.jsonl", [prediction()])
    write_jsonl("landing/.hidden.jsonl", [prediction(model="hidden")])
    write_jsonl("landing/_partial/x.jsonl", [prediction(model="partial")])
    assert landing.pending_files() == ["sub/d.jsonl"]
    landing.scan()
    assert landing.pending_files() == []
    assert landing.evaluations() == [("d", "m")]
    write_jsonl("landing/sub/d.jsonl", [prediction(score=1)])
    os.utime(path, ns=(1, 1))
    assert landing.pending_files() == ["sub/d.jsonl"]


def test_a_path_that_does_not_exist_is_an_error(landing: Landing, tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=r"nowhere\.csv: does not exist"):
        landing.add([tmp_path / "nowhere.csv"])


def test_a_folder_without_predictions_is_an_error(landing: Landing, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(IngestError, match="holds no file that ends in one of"):
        landing.add([tmp_path / "empty"])


def test_a_prediction_id_does_not_depend_on_other_rows(
    landing: Landing, prediction: Make, write_jsonl: Write
) -> None:
    landing.add([write_jsonl("d.jsonl", [prediction()])])
    alone = all_predictions(landing)["prediction_id"].to_list()
    more = [prediction(output_text="a"), prediction(), prediction(model="m2")]
    landing.add([write_jsonl("d.jsonl", more)])
    assert set(alone) <= set(all_predictions(landing)["prediction_id"])
