import polars as pl

from errormap_dagster.contracts.registry import empty_frame
from errormap_dagster.domain.correct_predictions import (
    correct_outputs_of_others,
    pick_correct_predictions,
)

TABLE = "informative_correct_predictions"
LONG = "First 2 + 2 = 4, so the answer is 4."


def correct(*rows: tuple[str, str], example: str = "e") -> pl.DataFrame:
    """Successes of one example: model and output."""
    return pl.DataFrame(
        [
            {
                "prediction_id": f"{example}-{model}-{n}",
                "dataset": "d",
                "model": model,
                "example_id": example,
                "output_text": text,
                "correct_answer": "4",
            }
            for n, (model, text) in enumerate(rows)
        ]
    )


def picked(frame: pl.DataFrame, kept: pl.DataFrame | None = None, k: int = 3) -> pl.DataFrame:
    before = empty_frame(TABLE) if kept is None else kept
    return pick_correct_predictions(frame, before, k=k, seed=0)


def test_blank_outputs_and_outputs_without_a_sign_are_passed_over() -> None:
    found = picked(correct(("a", ""), ("b", "  \n"), ("c", "***"), ("d", LONG)))
    assert found["model"].to_list() == ["d"]


def test_a_text_is_picked_once_whatever_its_case_and_spacing() -> None:
    found = picked(correct(("a", LONG), ("b", LONG.upper()), ("c", LONG.replace(" ", "  "))))
    assert found.height == 1


def test_reasoning_comes_before_a_bare_answer() -> None:
    found = picked(correct(("a", "4"), ("b", "The answer: 4"), ("c", LONG)), k=1)
    assert found["output_text"].to_list() == [LONG]


def test_models_take_turns() -> None:
    rows = [("a", f"{LONG} {n}") for n in range(5)] + [("b", f"{LONG} b")]
    assert set(picked(correct(*rows), k=2)["model"]) == {"a", "b"}


def test_what_was_picked_stays_when_a_model_lands() -> None:
    first = picked(correct(("a", LONG)))
    three = [("a", LONG), ("b", f"{LONG} b"), ("c", f"{LONG} c")]
    more = picked(correct(*three), first)
    assert more.head(1).equals(first)
    assert more["rank"].to_list() == [1, 2, 3]
    full = picked(correct(*three, ("z", f"{LONG} z")), more)
    assert full.equals(more)


def test_a_pick_that_is_correct_no_longer_gives_its_place_away() -> None:
    landed = correct(("a", LONG), ("b", f"{LONG} b"), ("c", f"{LONG} c"))
    first = picked(landed, k=2)
    dropped, left = first["model"].to_list()
    after = picked(landed.filter(pl.col("model") != dropped), first, k=2)
    assert after["rank"].to_list() == [1, 2]
    assert after["model"].to_list()[0] == left
    assert dropped not in after["model"].to_list()


def test_a_failure_is_shown_the_outputs_of_other_models_only() -> None:
    picks = picked(correct(("a", LONG), ("b", f"{LONG} b")))
    failures = pl.DataFrame(
        {
            "prediction_id": ["f1", "f2", "f3"],
            "dataset": ["d"] * 3,
            "model": ["a", "x", "x"],
            "example_id": ["e", "e", "another"],
        }
    )
    shown = correct_outputs_of_others(failures, picks, 3)
    outputs = {key: set(texts) for key, texts in shown.iter_rows()}
    assert outputs == {"f1": {f"{LONG} b"}, "f2": {LONG, f"{LONG} b"}}
