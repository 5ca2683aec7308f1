import polars as pl
import pytest

from errormap_dagster.contracts.check import violations
from errormap_dagster.domain.corrected_shares import corrected_shares
from errormap_dagster.domain.taxonomy_versions import VersionKey

KEY = VersionKey("t", 1)


def failures(counts: dict[tuple[str, str, str], int]) -> pl.DataFrame:
    """Judged failures: how many of each dataset, model and answer."""
    rows = [place for place, n in counts.items() for _ in range(n)]
    dataset, model, answer = zip(*rows, strict=True)
    return pl.DataFrame(
        {
            "prediction_id": [f"p{place:04}" for place in range(len(rows))],
            "dataset": dataset,
            "model": model,
            "sampling_weight": [1.0] * len(rows),
            "answer": answer,
            "stratum": answer,
        }
    )


def test_a_models_share_is_corrected_by_the_rates_over_all_models() -> None:
    counts = {("d", "one", "a"): 60, ("d", "one", "b"): 40}
    judged = failures({**counts, ("d", "two", "a"): 15, ("d", "two", "b"): 85})
    # Of 80 "a" of the one and 20 of the other model the judge finds three in four.
    n_missed = pl.when(pl.col("model") == "one").then(20).otherwise(5)
    is_missed = (pl.col("answer") == "b") & (
        pl.int_range(pl.len()).over("model", "answer") < n_missed
    )
    truth = pl.when(is_missed).then(pl.lit("a")).otherwise("answer")
    said = judged.select("prediction_id", answer=truth)
    found = corrected_shares(KEY, judged, said)
    assert violations("corrected_shares", found) == []
    by_place = {
        (row["dataset"], row["model"], row["category_id"]): row
        for row in found.iter_rows(named=True)
    }
    assert {place[0] for place in by_place} == {"all", "d"}
    one, two = by_place["d", "one", "a"], by_place["d", "two", "a"]
    assert (one["raw_share"], two["raw_share"]) == (0.6, 0.15)
    assert (one["n_judged"], one["n_named"]) == (100, 60)
    assert one["corrected_share"] == pytest.approx(0.8)
    assert two["corrected_share"] == pytest.approx(0.2)
    assert one["corrected_share_low"] < 0.8 < one["corrected_share_high"]


def test_a_share_that_cannot_be_corrected_says_why() -> None:
    judged = failures({("d", "m", "a"): 10, ("d", "m", "b"): 10})
    nobody_says_b = judged.select("prediction_id", answer=pl.lit("a"))
    reasons = dict(
        corrected_shares(KEY, judged, nobody_says_b)
        .filter(pl.col("dataset") == "d")
        .select("category_id", "reason")
        .iter_rows()
    )
    assert "no reviewer named it" in reasons["b"]
    assert reasons["a"]


def test_reviews_that_do_not_speak_for_all_correct_nothing() -> None:
    judged = failures({("d", "m", "a"): 10, ("d", "m", "b"): 10})
    said = judged.head(5).select("prediction_id", "answer")
    assert corrected_shares(KEY, judged, said).is_empty()
    assert corrected_shares(KEY, judged, said.clear()).is_empty()
