"""One evaluation out of all the files that hold rows of it: trials numbered, repetitions settled.

What becomes of a row depends on what the rows say, never on the order in which they came: rows
that say the same are one prediction, rows that contradict each other are all set aside.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.identity import content_id, content_ids
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.frames import collected

KEPT, DUPLICATE, CONFLICT = "kept", "duplicate", "conflict"
_LIGHT = ["row_number", "example_id", "trial", "run_id", "content", "n_text_bytes"]
_ROW = ["source_uri", "row_number"]
_PART_BYTES = 64 * 2**20
"""Texts held in memory at a time while an evaluation is written."""


class StagedFile(NamedTuple):
    """The rows of one evaluation in one landed file.

    ``landed_at`` is in UTC; ``folders`` hold the staged rows, one for each spelling of the model.
    """

    source_uri: str
    source_format: str
    landed_at: object
    folders: tuple[Path, ...]

    def scan(self) -> pl.LazyFrame:
        """The staged rows, with the file that they come from."""
        paths = [path for folder in self.folders for path in sorted(folder.glob("*.parquet"))]
        return pl.scan_parquet(paths, glob=False).with_columns(source_uri=pl.lit(self.source_uri))


def settle(files: Sequence[StagedFile]) -> pl.DataFrame:
    """Number the trials of an evaluation and decide what becomes of each row.

    Rows without a trial are numbered within their file and example after the declared trials, in
    the order of a hash of their content. The trials of further runs of a harness come after those
    of the first. Of rows of one example and trial that say the same, the first by file and row is
    kept; rows that differ are all in conflict.

    Returns:
        One row per staged row: source_uri, row_number, example_id, trial, declared_trial, run_id,
        occurrence, content, n_text_bytes, fate (kept, duplicate, conflict) and sources, the files
        that hold a row of the same example and trial.
    """
    rows = pl.concat([file.scan().select("source_uri", *_LIGHT) for file in files])
    in_file = ["source_uri", "example_id"]
    is_undeclared = pl.col("declared_trial").is_null()
    numbered = (
        rows.rename({"trial": "declared_trial"})
        .sort("source_uri", "example_id", "declared_trial", "content", "row_number")
        .with_columns(
            occurrence=pl.when(is_undeclared)
            .then(pl.int_range(pl.len()).over(*in_file, "declared_trial", "content"))
            .otherwise(0),
            trial=pl.when(is_undeclared)
            .then(
                pl.col("declared_trial").max().fill_null(0).over(in_file)
                + pl.int_range(1, pl.len() + 1).over(*in_file, "declared_trial")
            )
            .otherwise("declared_trial"),
        )
    )
    numbered = _after_earlier_runs(numbered).sort(_ROW)
    same_trial = ["example_id", "trial"]
    is_first = pl.int_range(pl.len()).over(same_trial) == 0
    return numbered.with_columns(
        sources=pl.col("source_uri")
        .unique(maintain_order=True)
        .over(same_trial, mapping_strategy="join"),
        fate=pl.when(pl.col("content").n_unique().over(same_trial) > 1)
        .then(pl.lit(CONFLICT))
        .when(is_first)
        .then(pl.lit(KEPT))
        .otherwise(pl.lit(DUPLICATE)),
    ).collect()


def _after_earlier_runs(numbered: pl.LazyFrame) -> pl.LazyFrame:
    """Count the trials of each run on from those of the runs before it, by their ids."""
    of_runs = (
        numbered.filter(pl.col("run_id").is_not_null())
        .group_by("example_id", "run_id")
        .agg(most=pl.max("trial"))
        .sort("example_id", "run_id")
        .with_columns(before=(pl.col("most").cum_sum() - pl.col("most")).over("example_id"))
        .drop("most")
    )
    joined = numbered.join(of_runs, on=["example_id", "run_id"], how="left")
    trial = pl.col("trial") + pl.col("before").fill_null(0)
    return joined.with_columns(trial=trial).drop("before")


def predictions(evaluation: Evaluation, files: Sequence[StagedFile]) -> Iterator[pl.DataFrame]:
    """Rows of ``raw_predictions``, sorted by prediction_id, in parts that fit in memory."""
    kept = settle(files).filter(pl.col("fate") == KEPT)
    named = ["example_id", "declared_trial", "occurrence", "content", "run_id"]
    ids = [
        # A row of no run has the id it would have if runs were unknown.
        content_id(*evaluation, *(row if row[-1] is not None else row[:-1]))
        for row in kept.select(named).iter_rows()
    ]
    order = kept.with_columns(pl.Series("prediction_id", ids, pl.String)).sort("prediction_id")
    part = (order["n_text_bytes"].cum_sum() - 1) // _PART_BYTES
    for chosen in order.with_columns(part=part).partition_by("part", maintain_order=True):
        yield _with_texts(evaluation, files, chosen)


def _with_texts(
    evaluation: Evaluation, files: Sequence[StagedFile], chosen: pl.DataFrame
) -> pl.DataFrame:
    wanted = chosen.select("prediction_id", *_ROW, "trial")
    texts = _rows_of(files, wanted.select(_ROW))
    joined = texts.drop("trial").join(wanted, on=_ROW, how="inner").sort("prediction_id")
    schema = polars_schema("raw_predictions")
    return (
        joined.lazy()
        .with_columns(
            content_ids(joined, ["input_text", "correct_answer"], length=64).alias("content_hash"),
            dataset=pl.lit(evaluation.dataset),
            model=pl.lit(evaluation.model),
        )
        .join(_files_frame(files).lazy(), on="source_uri", how="left")
        .sort("prediction_id")
        .select(schema.names())
        .cast(schema)
        .collect()
    )


def _files_frame(files: Sequence[StagedFile]) -> pl.DataFrame:
    rows = [(file.source_uri, file.source_format, file.landed_at) for file in files]
    kinds = {"source_format": pl.String, "landed_at": pl.Datetime("us", "UTC")}
    return pl.DataFrame(rows, schema={"source_uri": pl.String, **kinds}, orient="row")


def _rows_of(files: Iterable[StagedFile], wanted: pl.DataFrame) -> pl.DataFrame:
    """The staged rows, texts and all, that are named by file and row number."""
    frames = [
        collected(file.scan().join(wanted.lazy(), on=_ROW, how="semi"))
        for file in files
        if file.source_uri in wanted["source_uri"]
    ]
    return pl.concat(frames)


def conflicts(evaluation: Evaluation, files: Sequence[StagedFile]) -> pl.DataFrame:
    """Rows in conflict: source_uri, row_number, reason, detail and raw_row, sorted."""
    settled = settle(files).filter(pl.col("fate") == CONFLICT)
    columns = dict.fromkeys(("reason", "detail", "raw_row"), pl.String)
    if settled.is_empty():
        schema = {"source_uri": pl.String, "row_number": pl.Int64, **columns}
        return pl.DataFrame(schema=schema)
    texts = _rows_of(files, settled.select(_ROW)).drop(
        "content", "n_text_bytes", "trial", "example_hash"
    )
    told = settled.select(*_ROW, "trial", "sources").join(texts, on=_ROW).sort(_ROW)
    raw = pl.struct(pl.exclude("sources", *_ROW)).struct.json_encode()
    return told.select(
        *_ROW,
        reason=pl.lit(CONFLICT),
        detail=pl.format(
            "example {} of {}, trial {}, has other content elsewhere (files: {}); land a corrected "
            "file under the name of the wrong one, or give a trial column",
            "example_id",
            pl.lit(evaluation.key),
            "trial",
            pl.col("sources").list.join(", "),
        ),
        raw_row=raw,
    )
