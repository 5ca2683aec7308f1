import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from errormap_dagster.ingest.landing import Landing

TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "example_id": st.sampled_from(["e1", "e2", ""]),
            "model": st.sampled_from(["m", "n", None]),
            "input_text": TEXTS,
            "output_text": TEXTS,
            "score": st.sampled_from([0, 1, 0.5, "1", "NaN", "n/a", None, True]),
            "trial": st.sampled_from([None, 1, 2]),
        }
    ),
    min_size=1,
    max_size=12,
)
Rows = list[dict[str, object]]
COUNTS = ["n_rows", "n_kept", "n_quarantined", "n_duplicates"]
BAD_SCORES = ["NaN", "n/a", None]


def landed(rows: Rows) -> tuple[tuple[int, ...], pl.DataFrame]:
    """Counts of the file and the predictions, when the rows are landed as one file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        landing = Landing(
            folder / "s", folder / "l", clock=lambda: datetime(2026, 1, 1, tzinfo=UTC)
        )
        path = folder / "d.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        landing.add([path])
        parts = [part for e in landing.evaluations() for part in landing.assemble(e)]
        counts = landing.account().landed_files.select(COUNTS).row(0)
        return counts, pl.concat(parts) if parts else pl.DataFrame()


@settings(max_examples=30)
@given(ROWS)
def test_every_row_is_kept_quarantined_or_a_duplicate(rows: Rows) -> None:
    (n_rows, kept, quarantined, duplicates), predictions = landed(rows)
    assert n_rows == len(rows) == kept + quarantined + duplicates
    assert predictions.height == kept
    bad = [r for r in rows if not r["model"] or not r["example_id"] or r["score"] in BAD_SCORES]
    assert quarantined >= len(bad)


@settings(max_examples=30)
@given(ROWS)
def test_kept_texts_are_the_texts_that_came(rows: Rows) -> None:
    _, predictions = landed(rows)
    given_texts = {(row["input_text"], row["output_text"]) for row in rows}
    if predictions.height:
        assert set(predictions.select("input_text", "output_text").iter_rows()) <= given_texts


@settings(max_examples=30)
@given(ROWS)
def test_the_order_of_rows_does_not_matter(rows: Rows) -> None:
    first, once = landed(rows)
    second, again = landed(rows[::-1])
    assert first == second
    assert again.equals(once)
