"""What became of all landed files and rows, as the two tables that say so."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.ingest.assemble import CONFLICT, KEPT, StagedFile, conflicts, settle
from errormap_dagster.ingest.staging import LANDED, Manifest, Staging, timestamp

DUPLICATE = "duplicate"


class Account(NamedTuple):
    """What became of everything that was landed, as rows of the tables named alike."""

    landed_files: pl.DataFrame
    quarantined_rows: pl.DataFrame


def account_of(
    staging: Staging, evaluations: Iterable[tuple[Evaluation, Sequence[StagedFile]]]
) -> Account:
    """Count every row of every file.

    Args:
        staging: of the home.
        evaluations: with the files that hold rows of each.
    """
    fates: list[pl.DataFrame] = []
    contradictions: list[pl.DataFrame] = []
    for evaluation, files in evaluations:
        counted = settle(files).group_by("source_uri", "fate").len("n")
        fates.append(counted)
        if CONFLICT in counted["fate"]:
            contradictions.append(conflicts(evaluation, files))
    empty = pl.DataFrame(schema={"source_uri": pl.String, "fate": pl.String, "n": pl.UInt32})
    summed = pl.concat([empty, *fates]).group_by("source_uri", "fate").agg(pl.sum("n"))
    tally = {(uri, fate): n for uri, fate, n in summed.iter_rows()}
    manifests = staging.manifests()
    return Account(
        _landed_files(manifests, tally), _quarantined_rows(staging, manifests, contradictions)
    )


def _landed_files(manifests: Sequence[Manifest], tally: dict[tuple[str, str], int]) -> pl.DataFrame:
    rows = [_file_row(manifest, tally) for manifest in manifests]
    schema = polars_schema("landed_files")
    return pl.DataFrame(rows, schema=schema).sort("source_uri", "content_hash")


def _quarantined_rows(
    staging: Staging, manifests: Sequence[Manifest], contradictions: Sequence[pl.DataFrame]
) -> pl.DataFrame:
    schema = polars_schema("quarantined_rows")
    live = [m for m in manifests if m.status == LANDED]
    landed_at = {m.source_uri: timestamp(m.landed_at) for m in live}
    rejected = [
        staging.rejects(manifest).with_columns(source_uri=pl.lit(manifest.source_uri))
        for manifest in live
    ]
    columns = [name for name in schema.names() if name != "landed_at"]
    frames = [frame.select(columns) for frame in [*rejected, *contradictions]]
    empty = pl.DataFrame(schema={name: schema[name] for name in columns})
    return (
        pl.concat([empty, *frames])
        .with_columns(
            landed_at=pl.col("source_uri").replace_strict(
                landed_at, default=None, return_dtype=schema["landed_at"]
            )
        )
        .sort("source_uri", "row_number")
    )


def _file_row(manifest: Manifest, tally: dict[tuple[str, str], int]) -> dict[str, object]:
    is_live = manifest.status == LANDED
    counted = {
        fate: tally.get((manifest.source_uri, fate), 0) if is_live else 0
        for fate in (KEPT, DUPLICATE, CONFLICT)
    }
    n_rows = manifest.n_rows if is_live else 0
    n_passed_over = manifest.n_passed_over if is_live else 0
    return {
        "source_uri": manifest.source_uri,
        "content_hash": manifest.content_hash,
        "source_format": manifest.source_format,
        **_status_of(manifest, n_rows, counted[DUPLICATE], n_passed_over),
        "n_rows": n_rows,
        "n_kept": counted[KEPT],
        "n_quarantined": counted[CONFLICT] + (manifest.n_rejected if is_live else 0),
        "n_duplicates": counted[DUPLICATE],
        "n_passed_over": n_passed_over,
        "n_evaluations": len(manifest.evaluations) if is_live else 0,
        "n_bytes": manifest.n_bytes,
        "landed_at": timestamp(manifest.landed_at),
    }


def _status_of(
    manifest: Manifest, n_rows: int, n_duplicates: int, n_passed_over: int
) -> dict[str, str | None]:
    if 0 < n_rows == n_duplicates + n_passed_over:
        if n_passed_over == n_rows:
            return {"status": manifest.status, "detail": _NOT_CHOSEN}
        told = "every row stands in other landed files already"
        return {"status": DUPLICATE, "detail": told}
    return {"status": manifest.status, "detail": manifest.detail}


_NOT_CHOSEN = (
    "every row scores an answer by a metric or filter that was not chosen; "
    "datasets.<dataset>.metric and .filter in errormap.yaml choose"
)
