"""Suspect gold as a stage: the queue, the verdicts of people, and the scores without it."""

from pathlib import Path

import polars as pl

from errormap_dagster.domain.gold import empty_verdicts, gold_noise, gold_scores, suspect_gold
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.judge.embedded.stated_answers import n_possible_answers, stated_answer
from errormap_dagster.project import Project
from errormap_dagster.stages.filled_in import filled_in, keep
from errormap_dagster.stages.results import of_complete_evaluations
from errormap_dagster.tables import GOLD_TABLES

VERDICTS = ("wrong", "right", "unclear")
_KEY = ["dataset", "example_id"]
_COLUMNS = [*_KEY, "verdict", "note"]


def make_gold(project: Project) -> bool:
    """Write the tables of suspect gold unless they stand already; whether they were written."""
    mark = project.fingerprints.gold(verdict_text(project))
    if all(project.store.fingerprint(table) == mark for table in GOLD_TABLES):
        return False
    predictions = _answered_predictions(project)
    suspects = suspect_gold(predictions, stored_verdicts(project))
    frames = (suspects, gold_noise(predictions, suspects), gold_scores(predictions, suspects))
    for table, rows in zip(GOLD_TABLES, frames, strict=True):
        project.store.write(table, rows, mark)
    return True


def _answered_predictions(project: Project) -> pl.DataFrame:
    """One row per prediction, with the answer that a failed output states."""
    datasets = project.store.scan("evaluations").filter("is_complete").collect()["dataset"]
    frames = [_of_dataset(project, dataset) for dataset in sorted(set(datasets))]
    return pl.concat([_NOTHING, *frames])


_NOTHING = pl.DataFrame(
    schema={
        **dict.fromkeys([*_KEY, "model", "correct_answer"], pl.String),
        "is_failed": pl.Boolean,
        "is_no_error_found": pl.Boolean,
        "is_error_named": pl.Boolean,
        "answer": pl.String,
        "n_options": pl.Int64,
    }
)


def _of_dataset(project: Project, dataset: str) -> pl.DataFrame:
    failed = of_complete_evaluations(project, "failures", dataset).select("prediction_id")
    outcomes = of_complete_evaluations(project, "judged_errors", dataset)
    texts = ["prediction_id", *_KEY, "model", "correct_answer", "input_text", "output_text"]
    rows = (
        of_complete_evaluations(project, "raw_predictions", dataset)
        .select(texts)
        .join(failed.with_columns(is_failed=pl.lit(value=True)), on="prediction_id", how="left")
        .join(
            outcomes.select("prediction_id", "outcome", "error_title"),
            on="prediction_id",
            how="left",
        )
        .sort("prediction_id")
        .collect()
    )
    answers = [
        stated_answer(question, output) if is_failed and question and output else None
        for question, output, is_failed in rows.select(
            "input_text", "output_text", "is_failed"
        ).iter_rows()
    ]
    options = {text: n_possible_answers(text or "") for text in set(rows["input_text"])}
    return rows.select(
        *_KEY,
        "model",
        "correct_answer",
        pl.col("is_failed").fill_null(value=False),
        is_no_error_found=pl.col("outcome").eq_missing(pl.lit("no_error_found")),
        is_error_named=pl.col("error_title").is_not_null(),
        answer=pl.Series(answers, dtype=pl.String),
        n_options=pl.Series([options[text] for text in rows["input_text"]], dtype=pl.Int64),
    )


def verdict_text(project: Project) -> str:
    """The home's file of verdicts as it stands; empty when nobody gave any."""
    path = project.home.gold_verdicts
    return path.read_text(encoding="utf-8") if path.exists() else ""


def stored_verdicts(project: Project) -> pl.DataFrame:
    """The verdicts that were imported, one per example."""
    path = project.home.gold_verdicts
    return pl.read_csv(path, schema=empty_verdicts().schema) if path.exists() else empty_verdicts()


def import_verdicts(project: Project, path: Path) -> int:
    """Keep the verdicts of a CSV; how many it holds. A later one replaces an earlier one.

    Raises:
        ErrorMapError: the file lacks a column, or a row cannot be used; nothing is kept.
    """
    given = _read_verdicts(path)
    known = project.store.read("suspect_gold").select(_KEY)
    plain = pl.col("example_id").str.strip_prefix("'")
    # Exports put an apostrophe before what a spreadsheet would take for a formula.
    escaped = given.join(known, on=_KEY, how="anti").with_columns(example_id=plain)
    fixed = pl.concat([given.join(known, on=_KEY, how="semi"), escaped]).sort("row")
    strangers = fixed.join(known, on=_KEY, how="anti")
    wrong = fixed.filter(~pl.col("verdict").is_in(VERDICTS))
    for rows, told in (
        (wrong, f"verdict must be one of {', '.join(VERDICTS)}, or empty"),
        (strangers, "no such example is in suspect_gold; take ids from `errormap gold export`"),
    ):
        if rows.height:
            row = rows.row(0, named=True)
            what = f"{row['dataset']}, {row['example_id']}, {row['verdict']}"
            raise ErrorMapError(f"{path}, row {row['row']} ({what}): {told}.")
    kept = pl.concat([stored_verdicts(project), fixed.select(_COLUMNS)])
    kept = kept.unique(_KEY, keep="last", maintain_order=True).sort(_KEY)
    keep(kept, project.home.gold_verdicts)
    return fixed.height


def _read_verdicts(path: Path) -> pl.DataFrame:
    """The rows with a verdict, trimmed and in lower case; a note may be missing."""
    given = filled_in(path, "verdict", _KEY, ["note"], "errormap gold export")
    return given.select(
        "row", *_KEY, pl.col("verdict").str.strip_chars().str.to_lowercase(), "note"
    )
