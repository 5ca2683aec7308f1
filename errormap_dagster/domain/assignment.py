"""One assignment for each judged error and taxonomy version: a category, or why there is none.

Most are a judge's choice. Where a category of the version has a rule or a list of errors, these
decide, and the judge is not asked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.identity import content_id
from errormap_dagster.domain.records import Category, Classification, JudgedError, Outcome
from errormap_dagster.domain.taxonomy import named_paths

CANNOT_TELL = "the judge could not tell which error came first"
BY_RULE = "taxonomy rule"
"""Stands for the judge where the version itself names the error."""
_ERRORS = [Outcome.ERROR_FOUND.value, Outcome.WHOLLY_INCORRECT.value]


@dataclass(frozen=True, slots=True)
class Assigner:
    """Who puts errors into categories; ``basis`` covers all that could change the answer."""

    judge: str
    prompt_version: str
    basis: str


def judged_with_error(judged: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``judged_errors`` that hold an error, named or not, sorted by prediction_id."""
    return _with_error(judged).collect()


def _with_error(judged: pl.DataFrame) -> pl.LazyFrame:
    return judged.lazy().filter(pl.col("outcome").is_in(_ERRORS)).sort("prediction_id")


def errors_to_classify(judged: pl.DataFrame) -> list[JudgedError]:
    """The errors that have a title, in order of prediction_id."""
    titled = _with_error(judged).filter(pl.col("error_title").is_not_null())
    columns = ["prediction_id", "error_title", "error_summary"]
    return [JudgedError(*row) for row in titled.select(columns).collect().iter_rows()]


def chosen_by_a_judge(categories: Iterable[Category]) -> list[Category]:
    """The categories that a judge may choose: those without a rule or list of their own."""
    return [c for c in categories if c.rule is None and not c.listed_prediction_ids]


def named_by_version(
    errors: Sequence[JudgedError], categories: Iterable[Category]
) -> dict[str, str]:
    """The category of each error that a version's lists and rules name.

    A list goes before a rule, and the lower priority number before the higher.
    """
    ordered = sorted(categories, key=lambda c: (c.priority, c.category_id))
    texts = pl.Series([f"{e.error_title}\n{e.error_summary}" for e in errors], dtype=pl.String)
    named: dict[str, str] = {}
    for category in ordered:
        if category.rule is not None:
            found = texts.str.contains(category.rule)
            for error, is_found in zip(errors, found, strict=True):
                if is_found:
                    named.setdefault(error.prediction_id, category.category_id)
    listed = {i: c.category_id for c in reversed(ordered) for i in c.listed_prediction_ids}
    known = {error.prediction_id for error in errors}
    return {**named, **{i: category_id for i, category_id in listed.items() if i in known}}


def _named(judged: pl.DataFrame, categories: Sequence[Category]) -> dict[str, str]:
    if len(chosen_by_a_judge(categories)) == len(categories):
        return {}
    return named_by_version(errors_to_classify(judged), categories)


def bases_of(
    judged: pl.DataFrame, categories: Sequence[Category], assigner: Assigner
) -> dict[str, str]:
    """What the row of each judged error would rest on now, by prediction_id."""
    named = _named(judged, categories)
    columns = ["prediction_id", "error_title", "error_summary"]
    texts = _with_error(judged).select(columns).collect()
    return {
        prediction_id: content_id(
            title, summary, BY_RULE if prediction_id in named else assigner.basis
        )
        for prediction_id, title, summary in texts.iter_rows()
    }


def assign_errors(
    judged: pl.DataFrame,
    classifications: Iterable[Classification],
    categories: Sequence[Category],
    *,
    assigner: Assigner,
    taxonomy: str,
    version: int,
) -> pl.DataFrame:
    """Rows of ``category_assignments``: exactly one for each judged error.

    A classification that is missing, or that names a category outside of the version, leaves its
    error unassigned with that reason; a classification without a category makes it "other".
    """
    answers = {answer.prediction_id: answer for answer in classifications}
    named = _named(judged, categories)
    answers |= {i: Classification(i, chosen, 1.0, None, "") for i, chosen in named.items()}
    paths = named_paths(categories)
    bases = bases_of(judged, categories, assigner)
    rows = [
        {
            **dict(zip(("prediction_id", "dataset", "model"), key, strict=True)),
            "taxonomy": taxonomy,
            "version": version,
            **_assignment(title, answers.get(key[0]), paths),
            "judge": BY_RULE if key[0] in named else assigner.judge,
            "prompt_version": None if key[0] in named else assigner.prompt_version,
            "basis_hash": bases[key[0]],
        }
        for *key, title in _with_error(judged)
        .select("prediction_id", "dataset", "model", "error_title")
        .collect()
        .iter_rows()
    ]
    return pl.DataFrame(rows, schema=polars_schema("category_assignments"))


NO_ANSWER = "the judge gave no category for it"


def stands(rows: pl.DataFrame, bases: dict[str, str]) -> bool:
    """Whether rows of one version are what would be assigned now, without a missing answer."""
    found = dict(zip(rows["prediction_id"], rows["basis_hash"], strict=True))
    return found == bases and NO_ANSWER not in rows["reason"]


def _assignment(
    title: str | None, answer: Classification | None, paths: dict[str, str]
) -> dict[str, object]:
    if title is None:
        return _without_category("unassigned", CANNOT_TELL)
    if answer is None:
        return _without_category("unassigned", NO_ANSWER)
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
