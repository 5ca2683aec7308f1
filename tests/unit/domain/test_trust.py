import polars as pl
import pytest

from errormap_dagster.contracts.check import violations
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.trust import (
    Kind,
    Reviewing,
    in_order_of_review,
    judge_answers,
    top_categories,
    trust_rows,
)

TOLD = Reviewing("t", 1, Kind.HUMAN, "j", "ada")


def answers(counts: dict[str, int], weight: float = 1.0) -> pl.DataFrame:
    given = [name for name, n in counts.items() for _ in range(n)]
    return pl.DataFrame(
        {
            "prediction_id": [f"p{place:04}" for place in range(len(given))],
            "sampling_weight": [weight] * len(given),
            "dataset": ["d"] * len(given),
            "model": ["m"] * len(given),
            "answer": given,
            "stratum": given,
        }
    )


def said_alike(judged: pl.DataFrame, other: dict[str, str] | None = None) -> pl.DataFrame:
    """A reader who agrees, unless ``other`` names another answer for a failure."""
    changed = pl.col("prediction_id").replace_strict(other or {}, default=pl.col("answer"))
    return judged.select("prediction_id", answer=changed)


def rows_of(
    judged: pl.DataFrame, said: pl.DataFrame, told: Reviewing = TOLD
) -> dict[str, dict[str, object]]:
    frame = trust_rows(told, judged, said, 0, "nobody")
    assert violations("judge_trust", frame) == []
    return {row["category_id"]: row for row in frame.iter_rows(named=True)}


def category(name: str, parent: str | None, depth: int) -> Category:
    return Category(name, parent, depth, name, "d", "e", "c", 1, "induced")


def test_an_answer_is_the_category_at_the_top_or_what_stands_in_its_place() -> None:
    tops = top_categories([category("a", None, 1), category("a.b", "a", 2)])
    judged = pl.DataFrame(
        {
            "prediction_id": ["1", "2", "3", "4"],
            "dataset": ["d"] * 4,
            "model": ["m"] * 4,
            "outcome": ["error_found", "no_error_found", "judge_failed", "error_found"],
            "sampling_weight": [1.0] * 4,
        }
    )
    assigned = pl.DataFrame(
        {
            "prediction_id": ["1", "4"],
            "status": ["assigned", "other"],
            "category_id": ["a.b", None],
        }
    )
    found = judge_answers(judged, assigned, tops)
    assert dict(found.select("prediction_id", "answer").iter_rows()) == {
        "1": "a",
        "2": "no_error_found",
        "4": "other",
    }


def test_a_sample_holds_every_answer_and_a_longer_one_holds_it() -> None:
    judged = answers({"often": 900, "seldom": 95, "rare": 5})
    ordered = in_order_of_review(judged, seed=0)
    assert ordered.height == 1000
    counted = dict(ordered.head(100)["answer"].value_counts().iter_rows())
    # Half is spread evenly, 17 each, and half is as they occur; five is all there are of one.
    assert counted["rare"] == 5
    assert 20 <= counted["seldom"] <= 25
    assert ordered["prediction_id"].to_list() != sorted(ordered["prediction_id"])
    again = in_order_of_review(judged.sample(fraction=1.0, shuffle=True, seed=3), seed=0)
    assert again["prediction_id"].to_list() == ordered["prediction_id"].to_list()
    assert in_order_of_review(judged, seed=1)["prediction_id"][0] != ordered["prediction_id"][0]


def test_reviewed_failures_stand_for_all_with_the_same_answer() -> None:
    judged = answers({"a": 80, "b": 20})
    # Ten of each are reviewed; half of the reviewed "a" are "b" by the reader.
    reviewed = pl.concat([judged.head(10), judged.tail(10)])
    found = rows_of(judged, said_alike(reviewed, {f"p{n:04}": "b" for n in range(5)}))
    assert found["a"]["precision_share"] == 0.5
    assert found["a"]["recall_share"] == 1
    assert found["b"]["precision_share"] == 1
    assert found["b"]["recall_share"] == pytest.approx(20 / 60)
    assert (found["b"]["raw_share"], found["b"]["corrected_share"]) == (0.2, pytest.approx(0.6))
    assert found["all"]["agreement_share"] == pytest.approx(0.6)
    assert (found["all"]["n_judged"], found["all"]["n_reviewed"]) == (100, 20)
    assert (found["b"]["n_reviewed"], found["b"]["n_agreed"]) == (15, 10)


def test_another_judge_corrects_no_share() -> None:
    judged = answers({"a": 5, "b": 5})
    found = rows_of(judged, said_alike(judged), Reviewing("t", 1, Kind.SECOND_JUDGE, "j", "k"))
    assert found["a"]["kappa"] == 1
    assert found["a"]["corrected_share"] is None


def test_where_an_answer_was_not_reviewed_only_precision_is_told() -> None:
    judged = answers({"a": 50, "b": 50})
    found = rows_of(judged, said_alike(judged.head(10)))
    assert found["all"]["represented_share"] == 0.5
    assert found["all"]["agreement_share"] is None
    assert "50%" in str(found["all"]["reason"])
    assert found["a"]["precision_share"] == 1
    assert found["a"]["recall_share"] is None
    assert found["b"]["precision_share"] is None


def test_what_nobody_read_says_why_there_is_nothing() -> None:
    judged = answers({"a": 3})
    found = rows_of(judged, said_alike(judged.clear()), Reviewing("t", 1, Kind.HUMAN, "j"))
    assert list(found) == ["all"]
    assert found["all"]["reason"] == "nobody"
    assert found["all"]["kappa"] is None
