"""``errormap gold``: the queue of suspect references out, the verdicts of people in."""

from pathlib import Path

import polars as pl

from errormap_dagster.cli import console
from errormap_dagster.cli.export import write_frame
from errormap_dagster.project import Project
from errormap_dagster.stages.gold import import_verdicts, make_gold

LONGEST_CELL = 30_000
"""Spreadsheets stop at 32,767 characters."""


def export_queue(home: Path | None, to: Path, dataset: str | None, top: int) -> int:
    """Write the most suspect examples of each dataset, with their texts and room for a verdict.

    Raises:
        ErrorMapError: the file cannot be written.
        TableMissingError: nothing has made the queue yet.
    """
    store = Project.open(home).store
    queue = store.read("suspect_gold").filter(pl.col("rank") <= top)
    if dataset is not None:
        queue = queue.filter(pl.col("dataset") == dataset)
    key = ["dataset", "example_id"]
    text = pl.col("input_text").str.head(LONGEST_CELL)
    texts = store.scan("raw_predictions").sort("prediction_id").group_by(key, maintain_order=True)
    questions = texts.agg(text.first()).collect()
    rows = queue.join(questions, on=key, how="left", maintain_order="left").sort("dataset", "rank")
    shown = ["correct_answer", "other_answer", "reasons", "suspicion", "rank", "input_text"]
    counts = ["n_models_agreeing", "n_models_answering", "n_models_correct", "n_models"]
    judged = ["n_no_error_found", "n_errors_named"]
    write_frame(rows.select(*key, "verdict", "note", *shown, *counts, *judged), to)
    console.say(f"{rows.height} suspect examples written to {to}")
    console.say("Write wrong, right or unclear under verdict, then: errormap gold import FILE")
    return 0


def take_verdicts(home: Path | None, path: Path) -> int:
    """Keep the verdicts of a file and count them.

    Raises:
        ErrorMapError: a row cannot be used; nothing of the file is kept.
    """
    project = Project.open(home)
    with project.home.alone():
        n_verdicts = import_verdicts(project, path)
        make_gold(project)
    console.say(f"{n_verdicts} verdicts kept in {project.home.gold_verdicts}")
    console.show(project.store.read("gold_noise").filter(pl.col("n_reviewed") > 0))
    return 0
