from collections.abc import Sequence

import polars as pl
import pytest

from errormap_dagster.domain.gold import empty_verdicts, gold_noise, gold_scores, suspect_gold

N_MODELS = 5


def _stated(answer: str | None) -> str | None:
    return None if answer in {None, "no error", "silent"} else str(answer)[0]


def example(
    name: str, answers: Sequence[str | None], references: Sequence[str | None] | None = None
) -> pl.DataFrame:
    """One example; ``None`` is a correct model, any text the answer of a failed one.

    In an answer with ``!`` the judge named an error; one that is silent gave no answer.
    """
    return pl.DataFrame(
        {
            "dataset": "d",
            "example_id": name,
            "model": [f"m{n}" for n in range(len(answers))],
            "correct_answer": references or ["A"] * len(answers),
            "is_failed": [answer is not None for answer in answers],
            "is_no_error_found": [answer == "no error" for answer in answers],
            "is_error_named": [answer is not None and answer[1:] == "!" for answer in answers],
            "answer": [_stated(answer) for answer in answers],
            "n_options": [4] * len(answers),
        },
        schema_overrides={
            "answer": pl.String,
            "correct_answer": pl.String,
            "n_options": pl.Int64,
        },
    )


EASY = [example(f"easy{n}", [None] * N_MODELS) for n in range(20)]


def queue(*frames: pl.DataFrame, verdicts: pl.DataFrame | None = None) -> pl.DataFrame:
    rows = pl.concat([*EASY, *frames])
    return suspect_gold(rows, empty_verdicts() if verdicts is None else verdicts)


@pytest.mark.parametrize(
    ("answers", "references", "reasons"),
    [
        (["B"] * 5, None, ["models_agree_on_another_answer"]),
        (["B", "B", "B", "B", None], None, ["models_agree_on_another_answer"]),
        (["B", "C", "B", None, None], None, []),
        (["B", "B", None, None, None], None, []),
        (["no error", None, None, None, None], None, ["judge_found_no_error"]),
        ([None] * 5, ["A", "A", "A", "A", "B"], ["reference_varies"]),
        ([None] * 5, [None] * 5, ["reference_is_missing"]),
        ([None] * 5, None, []),
    ],
)
def test_an_example_is_suspect_for_a_reason(
    answers: list[str | None], references: list[str | None] | None, reasons: list[str]
) -> None:
    found = queue(example("x", answers, references))
    assert found["reasons"].to_list() == ([reasons] if reasons else [])


def test_the_more_models_agree_the_more_suspect() -> None:
    found = queue(
        example("four", ["B", "B", "B", "B", "C"]),
        example("all", ["B"] * 5),
        example("one", ["no error", None, None, None, None]),
    )
    assert found["example_id"].to_list() == ["all", "four", "one"]
    assert found["rank"].to_list() == [1, 2, 3]
    assert found["other_answer"].to_list() == ["B", "B", None]
    assert found["n_models_agreeing"].to_list() == [5, 4, 0]


def test_ties_are_broken_by_evidence_and_only_then_by_id() -> None:
    found = queue(
        # Where a judge could say what is wrong with an output, the reference is less suspect.
        example("a_named", ["B!"] * 4 + ["B"]),
        example("b_once", ["B!"] + ["B"] * 4),
        example("d", ["B"] * 5),
        example("c", ["B"] * 5),
    )
    assert found["suspicion"].n_unique() == 1
    assert found["example_id"].to_list() == ["c", "d", "b_once", "a_named"]
    assert found["n_errors_named"].to_list() == [0, 0, 1, 4]


def test_those_that_gave_no_answer_did_not_answer() -> None:
    found = queue(example("x", ["B", "B", "B", "silent", "C"]), example("y", ["B"] * 4 + [None]))
    told = found.sort("example_id").select("n_models", "n_models_answering", "n_models_agreeing")
    assert told.rows() == [(5, 4, 3), (5, 5, 4)]


def test_a_dataset_without_references_lacks_none() -> None:
    rows = pl.concat([example(f"e{n}", [None] * 3, [None] * 3) for n in range(3)])
    assert suspect_gold(rows, empty_verdicts()).is_empty()


def verdict(name: str, said: str) -> pl.DataFrame:
    row = {"dataset": "d", "example_id": name, "verdict": said, "note": None}
    return pl.DataFrame([row], schema=empty_verdicts().schema)


def test_verdicts_count() -> None:
    wrong = [example(f"x{n}", ["B"] * 5) for n in range(5)]
    said = pl.concat([verdict("x0", "wrong"), verdict("x1", "right"), verdict("x2", "unclear")])
    rows = pl.concat([*EASY, *wrong])
    suspects = suspect_gold(rows, said)
    noise = gold_noise(rows, suspects).row(0, named=True)
    counts = [noise[name] for name in ("n_examples", "n_suspects", "n_reviewed", "n_wrong")]
    assert counts == [25, 5, 2, 1]
    assert noise["suspect_share"] == 0.2
    assert noise["noise_share"] == pytest.approx(0.1)
    assert noise["noise_share_low"] < 0.1 < noise["noise_share_high"]
    assert gold_noise(rows, queue(*wrong))["noise_share"].to_list() == [None]


def test_scores_are_told_with_and_without() -> None:
    rows = pl.concat([*EASY[:3], example("x", ["B", "B", "B", "B", None])])
    suspects = queue(example("x", ["B", "B", "B", "B", None]), verdicts=verdict("x", "wrong"))
    scores = gold_scores(rows, suspects).sort("model")
    assert scores["success_rate"].to_list() == [0.75] * 4 + [1.0]
    assert scores["rank"].to_list() == [2, 2, 2, 2, 1]
    assert scores["success_rate_without_suspects"].to_list() == [1.0] * 5
    assert scores["success_rate_without_wrong"].to_list() == [1.0] * 5
    assert scores["rank_without_wrong"].to_list() == [1] * 5
