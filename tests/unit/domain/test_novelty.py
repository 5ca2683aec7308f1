"""A signal when new errors fit worse than the held-out ones, and none when they do not."""

from collections.abc import Sequence

import polars as pl
import pytest

from errormap_dagster.domain.novelty import NoveltyReport, groups_of, novelty
from errormap_dagster.domain.records import JudgedError

SCHEMA = {"prediction_id": pl.String, "status": pl.String, "confidence": pl.Float64}


def report(
    held_out: Sequence[tuple[str, float | None]],
    new: Sequence[tuple[str, float | None]],
    tolerance: float = 0.0,
) -> NoveltyReport:
    old = [(f"old{n}", *row) for n, row in enumerate(held_out)]
    came = [(f"new{n}", *row) for n, row in enumerate(new)]
    rows = pl.DataFrame([*old, *came], schema=SCHEMA, orient="row")
    errors = {row[0]: JudgedError(row[0], f"title {row[0]}", "s") for row in (*old, *came)}
    known = {row[0] for row in old}
    return novelty(rows, known, known, errors, tolerance)


FITS = ("assigned", 0.9)
OTHER = ("other", 0.1)


def test_many_more_errors_without_a_category_are_a_signal() -> None:
    got = report([FITS] * 95 + [OTHER] * 5, [FITS] * 60 + [OTHER] * 40)
    assert got.is_novel
    assert got.increase == pytest.approx(0.35)
    assert got.increase_low is not None
    assert got.increase_high is not None
    assert 0.2 < got.increase_low < 0.35 < got.increase_high < 0.5
    assert "40.0% of 100 new errors" in got.reason


def test_low_confidence_counts_against_the_baselines_own() -> None:
    sure = [("assigned", 0.5 + n / 250) for n in range(100)]
    got = report(sure, [("assigned", 0.4)] * 50 + [FITS] * 50)
    assert got.low_confidence == pytest.approx(0.536, abs=0.01)
    assert got.is_novel
    assert (got.new.n_low_confidence, got.new.n_other) == (50, 0)
    assert not report(sure, sure).is_novel


@pytest.mark.parametrize(
    ("n_old", "n_new"), [(10, 100), (100, 10), (0, 100)], ids=["baseline", "new", "nothing"]
)
def test_few_errors_say_nothing(n_old: int, n_new: int) -> None:
    got = report([FITS] * n_old, [OTHER] * n_new)
    assert not got.is_novel
    assert got.increase_low is None
    assert "say nothing" in got.reason


def test_an_increase_within_the_tolerance_is_no_signal() -> None:
    old, new = [FITS] * 1_000, [FITS] * 960 + [OTHER] * 40
    assert report(old, new).is_novel
    assert not report(old, new, tolerance=0.05).is_novel


def test_errors_that_the_version_was_grown_from_do_not_count() -> None:
    rows = pl.DataFrame([("grown", "other", 0.0)], schema=SCHEMA, orient="row")
    got = novelty(rows, set(), {"grown"}, {"grown": JudgedError("grown", "t", "s")})
    assert got.new.n_errors == 0


def test_errors_without_a_category_are_grouped_by_the_words_they_share() -> None:
    titles = ["Citation invented", "Citation invented", "Wrong citation style", "Alone here"]
    (group,) = groups_of([JudgedError(f"p{n}", title, "s") for n, title in enumerate(titles)])
    assert (group.word, group.n_errors) == ("citation", 3)
    assert group.titles == ("Citation invented", "Wrong citation style")
    assert group.prediction_ids == ("p0", "p1", "p2")
