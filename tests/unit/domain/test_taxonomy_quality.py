"""Coverage, agreement, confusion and marks of instability, from rows that are known."""

from collections.abc import Sequence

import polars as pl
import pytest

from errormap_dagster.contracts.check import violations
from errormap_dagster.contracts.registry import empty_frame, polars_schema
from errormap_dagster.domain.identity import content_id
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy_quality import (
    Measured,
    QualityFrames,
    nearest_pairs,
    quality_frames,
)

TREE = [
    Category("a", None, 1, "A", "d", "e", "c", 1, "induced"),
    Category("b", None, 1, "B", "d", "e", "c", 2, "induced"),
    Category("b1", "b", 2, "B1", "d", "e", "c", 1, "induced"),
    Category("b2", "b", 2, "B2", "d", "e", "c", 2, "induced"),
]
Row = tuple[str, str | None, str | None]
"""Status, category, runner-up."""


def ids(n: int) -> list[str]:
    return [content_id(i) for i in range(n)]


def assignments(rows: Sequence[Row]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "prediction_id": ids(len(rows)),
            "status": [row[0] for row in rows],
            "category_id": [row[1] for row in rows],
            "runner_up_category_id": [row[2] for row in rows],
            "confidence": [0.5] * len(rows),
        },
        schema={
            name: polars_schema("category_assignments")[name]
            for name in (
                *("prediction_id", "status", "category_id"),
                *("runner_up_category_id", "confidence"),
            )
        },
    )


ROWS: list[Row] = [
    ("assigned", "a", "b1"),
    ("assigned", "a", "b1"),
    ("assigned", "a", None),
    ("assigned", "b1", "b2"),
    ("assigned", "b1", "a"),
    ("assigned", "b2", "b1"),
    ("other", None, "a"),
    ("unassigned", None, None),
]


def measured(
    rows: Sequence[Row] = ROWS,
    held_out: Sequence[int] = (),
    second_pass: dict[int, str | None] | None = None,
    jaccard: dict[str, list[float]] | None = None,
) -> QualityFrames:
    stability = [
        {
            "taxonomy": "induced",
            "version": 1,
            "category_id": i,
            "repetition": n,
            "n_errors": 1,
            "n_matched": 1,
            "n_shared": 1,
            "adjusted_rand": 0.5,
            "jaccard": value,
        }
        for i, values in (jaccard or {}).items()
        for n, value in enumerate(values, start=1)
    ]
    known = ids(len(rows))
    return quality_frames(
        Measured(
            taxonomy="induced",
            version=1,
            categories=TREE,
            assignments=assignments(rows),
            held_out={known[place] for place in held_out},
            second_pass={known[place]: went for place, went in (second_pass or {}).items()},
            stability=pl.DataFrame(stability, schema=polars_schema("taxonomy_stability")),
            unstable_below=0.5,
        )
    )


def of_category(frames: QualityFrames, category_id: str) -> dict[str, object]:
    return frames.categories.row(by_predicate=pl.col("category_id") == category_id, named=True)


def test_the_rows_keep_their_contracts() -> None:
    frames = measured(held_out=[0, 6], second_pass={0: "b1", 3: "b1"}, jaccard={"a": [0.2, 0.4]})
    for table, rows in zip(
        ("taxonomy_quality", "taxonomy_category_quality", "taxonomy_confusions"),
        frames,
        strict=True,
    ):
        assert violations(table, rows) == []


def test_coverage_is_measured_on_held_out_errors_alone() -> None:
    row = measured(held_out=[0, 1, 2, 6]).version.row(0, named=True)
    assert (row["n_held_out"], row["coverage_share"]) == (4, 0.75)
    assert row["coverage_share_low"] < 0.75 < row["coverage_share_high"]
    assert (row["other_share"], row["unassigned_share"]) == (0.125, 0.125)
    assert measured().version["coverage_share"].item() is None


def test_an_error_that_goes_to_the_runner_up_is_a_disagreement() -> None:
    frames = measured(second_pass={0: "a", 1: "b1", 3: "b2", 5: None})
    assert frames.version["n_second_pass"].item() == 4
    assert frames.version["agreement_share"].item() == pytest.approx(0.5)
    assert of_category(frames, "a")["agreement_share"] == pytest.approx(0.5)
    assert of_category(frames, "b1")["agreement_share"] == 0.0
    assert of_category(frames, "b")["agreement_share"] is None


def test_confusions_count_errors_by_category_and_runner_up() -> None:
    rows = measured(second_pass={0: "a", 1: "b1"}).confusions
    told = rows.select(
        "category_id", "runner_up_category_id", "n_errors", "n_second_pass", "n_changed"
    )
    assert told.rows() == [
        ("a", "b1", 2, 2, 1),
        ("b1", "a", 1, 0, 0),
        ("b1", "b2", 1, 0, 0),
        ("b2", "b1", 1, 0, 0),
    ]


def test_a_category_below_the_limit_is_unstable_and_its_errors_are_counted() -> None:
    frames = measured(jaccard={"a": [0.9, 1.0], "b": [0.8, 0.2], "b1": [0.1, 0.5]})
    assert [of_category(frames, i)["is_unstable"] for i in ("a", "b", "b1", "b2")] == [
        False,
        False,
        True,
        None,
    ]
    row = frames.version.row(0, named=True)
    assert (row["n_unstable_categories"], row["n_repeats"]) == (1, 2)
    assert row["unstable_error_share"] == pytest.approx(2 / 6)
    assert row["unstable_top_error_share"] == 0.0
    assert of_category(frames, "b")["jaccard_low"] == 0.2
    assert of_category(frames, "b")["n_errors"] == 3


def test_what_was_not_measured_is_unknown_and_not_stable() -> None:
    frames = measured()
    assert frames.categories["is_unstable"].null_count() == 4
    assert frames.version["unstable_error_share"].item() is None


def test_errors_of_the_second_pass_are_drawn_by_a_seed() -> None:
    rows = assignments([("assigned", "a", "b1")] * 50)
    ten = nearest_pairs(rows, 10, seed=0)
    assert len(ten["a", "b1"]) == 10
    assert ten == nearest_pairs(rows.reverse(), 10, seed=0)
    assert ten != nearest_pairs(rows, 10, seed=1)
    assert nearest_pairs(rows, 0, seed=0) == {}


def test_a_version_without_errors_has_no_shares() -> None:
    frames = measured(rows=[])
    row = frames.version.row(0, named=True)
    assert (row["n_errors"], row["other_share"], row["agreement_share"]) == (0, None, None)
    assert frames.confusions.equals(empty_frame("taxonomy_confusions"))
