import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from errormap_dagster.contracts.registry import empty_frame
from errormap_dagster.domain.correct_predictions import pick_correct_predictions

TABLE = "informative_correct_predictions"
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["e1", "e2"]),
        st.sampled_from("abcd"),
        st.sampled_from(
            ["", " ", "4", "A LONG reason for 4", "a long  reason for 4", "other text 4"]
        )
        | st.text("xy 4", max_size=25),
    ),
    max_size=25,
)
Rows = list[tuple[str, str, str]]


def correct(rows: Rows) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "prediction_id": f"p{n}",
                "dataset": "d",
                "model": model,
                "example_id": example,
                "output_text": text,
                "correct_answer": "4",
            }
            for n, (example, model, text) in enumerate(rows)
        ],
        schema=dict.fromkeys(
            ("prediction_id", "dataset", "model", "example_id", "output_text", "correct_answer"),
            pl.String,
        ),
    )


def pick(rows: pl.DataFrame, kept: pl.DataFrame, k: int) -> pl.DataFrame:
    return pick_correct_predictions(rows, kept, k=k, seed=1)


@given(ROWS, st.integers(1, 4))
def test_picks_are_few_distinct_and_have_content(rows: Rows, k: int) -> None:
    found = pick(correct(rows), empty_frame(TABLE), k)
    assert found["output_text"].str.contains(r"[\p{L}\p{N}]").all()
    for _, picks in found.group_by("example_id"):
        texts = [" ".join(text.split()).lower() for text in picks["output_text"]]
        assert len(texts) == len(set(texts)) <= k
        assert sorted(picks["rank"]) == list(range(1, len(texts) + 1))


@given(ROWS, ROWS, st.integers(1, 4))
def test_what_was_picked_stays_when_more_lands(rows: Rows, more: Rows, k: int) -> None:
    first = pick(correct(rows), empty_frame(TABLE), k)
    after = pick(correct([*rows, *more]), first, k)
    assert after.join(first, on=first.columns, how="semi").height == first.height


@given(ROWS, st.integers(1, 4))
def test_the_order_of_rows_does_not_matter(rows: Rows, k: int) -> None:
    frame = correct(rows)
    once = pick(frame, empty_frame(TABLE), k)
    assert pick(frame.reverse(), empty_frame(TABLE), k).equals(once)
