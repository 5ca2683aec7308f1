"""Writing a replay bundle: all that another person needs to make the same tables without a judge.

A bundle holds the ids of the predictions, the calls that the tables rest on, the settings without
those of the endpoint, what has a history and so cannot be made from the predictions alone (picks of
correct predictions, taxonomy versions), hashes of all tables, and the landed rows unless texts are
to be left out. It is written only when the tables follow from the record as it stands.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from errormap_dagster import progress
from errormap_dagster.domain.assignment import errors_to_classify
from errormap_dagster.errors import BundleError, JudgeStoppedError
from errormap_dagster.fingerprints import partition_of
from errormap_dagster.ingest.staging import LANDED, Manifest, Staging
from errormap_dagster.judge.interface import Judge, Operation
from errormap_dagster.judge.llm.record import CallRecord
from errormap_dagster.judge.llm.record_copy import line_of
from errormap_dagster.judge_settings import JudgeSettings
from errormap_dagster.project import Project
from errormap_dagster.settings import Settings
from errormap_dagster.stages.assignments import ErrorAssignment
from errormap_dagster.stages.bundle_file import BundleWriter, bundle_writer
from errormap_dagster.stages.crosswalk import crosswalk_of
from errormap_dagster.stages.induction import induce
from errormap_dagster.stages.recorded_judging import JUDGED, RecordedJudging
from errormap_dagster.stages.staleness import AFTER_THE_TABLES, PICKS, pending_work
from errormap_dagster.stages.taxonomies import versions_in_force
from errormap_dagster.tables import (
    COMPARISON_TABLES,
    CROSSWALK,
    GOLD_TABLES,
    INDUCTION_TABLES,
    PROFILE_TABLES,
    QUALITY_TABLES,
    STABILITY,
    TAXONOMY_TABLES,
    TRUST_TABLES,
)

CARRIED = (
    *(*TAXONOMY_TABLES, *INDUCTION_TABLES, STABILITY, *QUALITY_TABLES, CROSSWALK),
    *TRUST_TABLES,
)
"""Tables with a history, or of judges that a replay does not have: taken over as they stand."""
TABLES = (
    *("landed_files", "quarantined_rows", "raw_predictions", PICKS, "failures", "judged_errors"),
    *CARRIED,
    *("category_assignments", "judge_calls", "evaluations", "failure_ledger", "signatures"),
    *("taxonomy_row_flow", *COMPARISON_TABLES, *PROFILE_TABLES, *GOLD_TABLES),
)
"""The tables that a replay makes again, or takes over."""
SETTINGS, PREDICTIONS, PICKED = "settings.json", "predictions.parquet", "picks.parquet"
CALLS, TAXONOMIES, STAGING, LANDINGS = "calls.jsonl", "taxonomies/", "staging/", "landings.json"
REVIEWS = "reviews/"
FORMER = "assignments.parquet"
_OF_THE_HOUSE = {"landing", "refresh", "alerts", "openlineage", "judge"}
_OF_THE_ENDPOINT = {"base_url", "key_variable", "headers", "header_variables", "query"}
_OF_THE_MACHINE = {"budget", "prices", "limits", "lane", "batch"}
_ROWS_AT_ONCE = 5000
_LISTS = {Operation.GENERATE.value, Operation.UPDATE.value, Operation.REVIEW.value}


@dataclass(frozen=True, slots=True)
class Bundled:
    """What a bundle holds."""

    n_predictions: int
    n_calls: int
    n_calls_left_out: int
    n_bytes: int


def write_bundle(project: Project, path: Path, *, with_texts: bool = True) -> Bundled:
    """Write a replay bundle of a home.

    Args:
        project: the opened home; its tables are up to date.
        path: of the file.
        with_texts: whether the landed rows are in it.

    Raises:
        BundleError: a table is missing or stale, or does not follow from the record.
    """
    pending = [work for work in pending_work(project) if work.table not in AFTER_THE_TABLES]
    if pending:
        told = "; ".join(f"{work.table}: {work.reason}" for work in pending)
        raise BundleError(f"{project.home.root}: not up to date. `errormap run` first ({told}).")
    is_llm = project.settings.judge.kind == "llm"
    opened = closing(CallRecord.open(project.judge_calls_url)) if is_llm else nullcontext(None)
    with opened as record, bundle_writer(path) as bundle:
        needed = _needed_calls(project, record)
        bundle.add(SETTINGS, _json(portable_settings(project.settings)))
        ids = _prediction_ids(project)
        bundle.add(PREDICTIONS, _parquet(ids))
        picks = project.store.scan(PICKS).drop("output_text").collect()
        bundle.add(PICKED, _parquet(picks))
        for table in filter(project.store.exists, CARRIED):
            file = project.store.folder(table) / "part.parquet"
            bundle.add(f"{TAXONOMIES}{table}.parquet", file)
        bundle.add(FORMER, _parquet(_not_in_force(project)))
        given = (project.home.gold_verdicts, project.home.error_reviews)
        for review in filter(Path.exists, given):
            bundle.add(f"{REVIEWS}{review.name}", review)
        _add_landings(project, bundle, with_texts=with_texts)
        kept = _add_calls(bundle, record, needed)
        is_whole = project.store.n_rows("judge_calls") == kept.n_kept
        bundle.close(
            {
                "package": version("errormap-dagster"),
                "judge": identities(project.judge),
                "has_texts": with_texts,
                "tables": table_hashes(project, is_whole=is_whole),
            }
        )
    return Bundled(ids.height, kept.n_kept, kept.n_left_out, path.stat().st_size)


def _not_in_force(project: Project) -> pl.DataFrame:
    """The assignments under candidates and retired versions: nothing would make these again."""
    keys = [str(key) for key in versions_in_force(project)]
    key = pl.concat_str("taxonomy", pl.lit("@"), "version")
    return project.store.scan("category_assignments").filter(~key.is_in(keys)).collect()


def portable_settings(settings: Settings) -> dict[str, Any]:
    """What of the settings bears on the tables; nothing of the endpoint or the machine."""
    told = settings.model_dump(mode="json", exclude=_OF_THE_HOUSE)
    told["judge"] = _portable_judge(settings.judge)
    if second := settings.trust.second_judge:
        told["trust"]["second_judge"] = _portable_judge(second)
    return told


def _portable_judge(settings: JudgeSettings) -> dict[str, Any]:
    judge = settings.model_dump(mode="json", exclude=_OF_THE_ENDPOINT | _OF_THE_MACHINE)
    return {**judge, "limits": {"prompt_tokens": settings.limits.prompt_tokens}}


def identities(judge: Judge) -> dict[str, dict[str, str]]:
    """Who judges in each operation, by what prompt: versions and hashes."""
    return {operation.value: asdict(judge.identity(operation)) for operation in Operation}


def _needed_calls(project: Project, record: CallRecord | None) -> set[str]:
    """The calls that the tables rest on; the tables are made again from them and compared.

    Raises:
        BundleError: a table does not come out as it stands.
    """
    judging = RecordedJudging.of(project.home, project.settings, record)
    evaluations = project.landing.evaluations()
    assign = ErrorAssignment(judging.project, evaluations, is_anew=True)
    for evaluation in progress.track(evaluations, "replayed"):
        here = partition_of(evaluation)
        stood = project.store.scan("judged_errors", here).collect()
        assigned = project.store.scan("category_assignments", here).collect()
        made = judging.judged_errors(evaluation, stood.select(JUDGED))
        for table, ours, theirs in (
            ("judged_errors", stood, made),
            ("category_assignments", assigned, assign(evaluation)),
        ):
            if not ours.equals(theirs):
                raise BundleError(
                    f"{evaluation.key} in {table} does not follow from the record of calls: "
                    "another record was in use, or calls were taken out of it. Remove the "
                    f"folder of this evaluation below {project.store.folder(table)}, then "
                    "`errormap run`."
                )
    if judging.answers is None:
        return set()
    _grow_again(judging)
    crosswalk_of(judging.project)
    return judging.answers.used


def _grow_again(judging: RecordedJudging) -> None:
    """Look up the calls that the induced taxonomy was grown with, as far as they can be told.

    The errors of a model that landed later had no part in it: then other questions are found here,
    and the version stands by itself.
    """
    project = judging.project
    errors = errors_to_classify(project.store.scan("judged_errors").collect())
    try:
        induce(project, errors)
    except JudgeStoppedError:
        return


@dataclass(frozen=True, slots=True)
class _Kept:
    n_kept: int
    n_left_out: int


def _add_calls(bundle: BundleWriter, record: CallRecord | None, needed: set[str]) -> _Kept:
    n_kept, n_all = 0, 0

    def lines() -> Iterator[bytes]:
        nonlocal n_kept, n_all
        for call in [] if record is None else record.rows():
            n_all += 1
            if call.call_id in needed or (call.stage in _LISTS and call.reply):
                n_kept += 1
                yield line_of(call).encode() + b"\n"

    bundle.add(CALLS, lines())
    return _Kept(n_kept, n_all - n_kept)


def _prediction_ids(project: Project) -> pl.DataFrame:
    """Every prediction, with the call that judged it and how many correct outputs it was shown."""
    predictions = project.store.scan("raw_predictions")
    ids = predictions.select("prediction_id", "dataset", "model", "example_id").collect()
    judged = project.store.scan("judged_errors").select(JUDGED).collect()
    return ids.join(judged, on="prediction_id", how="left").sort("prediction_id")


def _add_landings(project: Project, bundle: BundleWriter, *, with_texts: bool) -> None:
    """The landed files as the home knows them, and their rows where texts are wanted."""
    staging = Staging(project.home.staging)
    manifests = staging.manifests()
    bundle.add(LANDINGS, _json([_landing(manifest) for manifest in manifests]))
    for manifest in manifests:
        folder = project.home.staging / manifest.key
        # Where a file lay is nobody's business: the name that it landed under will do.
        told = {**asdict(manifest), "origin": f"bundle/{manifest.source_uri}", "beside": ""}
        if with_texts or manifest.status != LANDED:
            bundle.add(f"{STAGING}{manifest.key}/manifest.json", _json(told))
        for path in sorted(folder.rglob("*.parquet")) if with_texts else []:
            name = path.relative_to(project.home.staging).as_posix()
            bundle.add(f"{STAGING}{name}", path)


def _landing(manifest: Manifest) -> dict[str, str]:
    return {
        "content_hash": manifest.content_hash,
        "source_uri": manifest.source_uri,
        "landed_at": manifest.landed_at,
        "status": manifest.status,
    }


def table_hashes(project: Project, *, is_whole: bool = True) -> dict[str, dict[str, str]]:
    """For each file of the tables two hashes: of its bytes, and of its rows alone.

    Args:
        project: the opened home.
        is_whole: whether a replay knows all calls that ``judge_calls`` holds.
    """
    tables = [t for t in TABLES if is_whole or t != "judge_calls"]
    files = [path for table in tables for path in project.store.folder(table).rglob("part.parquet")]
    return {
        path.relative_to(project.home.tables).as_posix(): {
            "bytes": hashlib.sha256(path.read_bytes()).hexdigest(),
            "rows": _rows_hash(pl.read_parquet(path, hive_partitioning=False)),
        }
        for path in sorted(files)
    }


def _rows_hash(rows: pl.DataFrame) -> str:
    digest = hashlib.sha256()
    for part in rows.iter_slices(_ROWS_AT_ONCE):
        digest.update(part.write_ndjson().encode())
    return digest.hexdigest()


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, indent=1).encode()


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()
