"""One assignment for each judged error and taxonomy version: a category, or why there is none."""

from collections.abc import Iterable, Sequence

import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.records import Category, Classification, JudgedError, Outcome
from errormap_dagster.domain.taxonomy import named_paths

CANNOT_TELL = "the judge could not tell which error came first"
_ERRORS = [Outcome.ERROR_FOUND.value, Outcome.WHOLLY_INCORRECT.value]


def judged_with_error(judged: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``judged_errors`` that hold an error, named or not, sorted by prediction_id."""
    return judged.filter(pl.col("outcome").is_in(_ERRORS)).sort("prediction_id")


def errors_to_classify(judged: pl.DataFrame) -> list[JudgedError]:
    """The errors that have a title, in order of prediction_id."""
    titled = judged_with_error(judged).filter(pl.col("error_title").is_not_null())
    columns = ["prediction_id", "error_title", "error_summary"]
    return [JudgedError(*row) for row in titled.select(columns).iter_rows()]


def assign_errors(
    judged: pl.DataFrame,
    classifications: Iterable[Classification],
    categories: Sequence[Category],
    *,
    taxonomy: str,
    version: int,
) -> pl.DataFrame:
    """Rows of ``category_assignments``: exactly one for each judged error.

    A classification that is missing, or that names a category outside of the version, leaves its
    error unassigned with that reason; a classification without a category makes it "other".
    """
    answers = {answer.prediction_id: answer for answer in classifications}
    paths = named_paths(categories)
    rows = [
        {
            **dict(zip(("prediction_id", "dataset", "model"), key, strict=True)),
            "taxonomy": taxonomy,
            "version": version,
            **_assignment(title, answers.get(key[0]), paths),
        }
        for *key, title in judged_with_error(judged)
        .select("prediction_id", "dataset", "model", "error_title")
        .iter_rows()
    ]
    return pl.DataFrame(rows, schema=polars_schema("category_assignments"))


def _assignment(
    title: str | None, answer: Classification | None, paths: dict[str, str]
) -> dict[str, object]:
    if title is None:
        return _without_category("unassigned", CANNOT_TELL)
    if answer is None:
        return _without_category("unassigned", "the judge gave no category for it")
    if answer.category_id is None:
        return _without_category("other", answer.reason, answer)
    if answer.category_id not in paths:
        reason = f"the judge named {answer.category_id!r}, which is no category of this version"
        return _without_category("unassigned", reason)
    return {
        "category_id": answer.category_id,
        "category_path": paths[answer.category_id],
        "confidence": answer.confidence,
        "runner_up_category_id": answer.runner_up_category_id,
        "status": "assigned",
        "reason": None,
    }


def _without_category(
    status: str, reason: str, answer: Classification | None = None
) -> dict[str, object]:
    return {
        "category_id": None,
        "category_path": None,
        "confidence": answer.confidence if answer else None,
        "runner_up_category_id": answer.runner_up_category_id if answer else None,
        "status": status,
        "reason": reason,
    }
