"""Reading a replay bundle: the same tables in another home, without a key and without network."""

import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from errormap_dagster.errors import BundleError
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.fingerprints import partition_of
from errormap_dagster.home import Home
from errormap_dagster.ingest.adopting import Delivery, adopt
from errormap_dagster.ingest.staging import LANDED
from errormap_dagster.judge.interface import Operation
from errormap_dagster.judge.llm.record import CallRecord
from errormap_dagster.judge.llm.record_copy import call_of_line, insert_calls
from errormap_dagster.project import Project
from errormap_dagster.settings import Settings
from errormap_dagster.stages import (
    calls,
    comparisons,
    gold,
    predictions,
    profiles,
    results,
    row_flows,
    trust,
)
from errormap_dagster.stages.bundle import (
    CALLS,
    FORMER,
    LANDINGS,
    PICKED,
    PREDICTIONS,
    REVIEWS,
    SETTINGS,
    STAGING,
    TAXONOMIES,
    identities,
    table_hashes,
)
from errormap_dagster.stages.bundle_file import Bundle
from errormap_dagster.stages.chain import make_assignments, make_evaluations, make_failures
from errormap_dagster.stages.landing import land
from errormap_dagster.stages.recorded_judging import RecordedJudging
from errormap_dagster.stages.staleness import PICKS

_FEW = 5
_PREDICTION = "prediction_id"


@dataclass(frozen=True, slots=True)
class Replayed:
    """How the tables of a replay stand to those that the bundle was made of.

    Attributes:
        n_identical: files that are the same byte for byte.
        same_rows: files with the same rows in other bytes.
        other_rows: files whose rows differ, or that are missing.
    """

    n_identical: int
    same_rows: list[str]
    other_rows: list[str]


def replay_bundle(path: Path, home: Path | None, own: Sequence[Path] = ()) -> Replayed:
    """Make the tables of a bundle in an empty home; it is empty again when that fails.

    Args:
        path: of the bundle.
        home: where; as for every command.
        own: the files or folders of the predictions, for a bundle without texts.

    Raises:
        BundleError: the home is not empty; the bundle is damaged, or made by another version; a
            prediction or a call is missing.
    """
    with Bundle.open(path) as bundle, _empty_home(Home.locate(home)) as place:
        settings = Settings.model_validate(bundle.document(SETTINGS))
        has_record = settings.judge.kind == "llm"
        project = Project(place, settings, "replay")
        opened = closing(CallRecord.open(project.judge_calls_url)) if has_record else nullcontext()
        with opened as record, place.alone():
            judging = RecordedJudging.of(place, settings, record)
            _check_identities(bundle, judging)
            _write_settings(place, settings)
            if record is not None:
                insert_calls(record, map(call_of_line, bundle.lines(CALLS)))
            _land(bundle, judging.project, own)
            _make(bundle, judging)
        return _compared(bundle.manifest["tables"], table_hashes(judging.project))


@contextmanager
def _empty_home(home: Home) -> Generator[Home]:
    """A home that holds nothing yet, and holds nothing again when the work fails."""
    taken = [home.tables, home.staging, home.reviews, home.settings_file, home.judge_calls]
    held = [p for p in taken if p.is_file() or (p.is_dir() and any(p.iterdir()))]
    if held:
        raise BundleError(f"{held[0]}: stands already. Name a new folder with --home.")
    home.prepare()
    try:
        yield home
    except BaseException:
        for path in (*taken, home.obstacles):
            for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
                shutil.rmtree(file) if file.is_dir() else file.unlink(missing_ok=True)
        raise


def _check_identities(bundle: Bundle, judging: RecordedJudging) -> None:
    now, then = identities(judging.project.judge), bundle.manifest["judge"]
    differing = [stage for stage in then if now.get(stage) != then[stage]]
    if differing:
        raise BundleError(
            f"{bundle.path}: the prompt, rules or parameters of {', '.join(differing)} are others "
            f"in this version of the package. Install errormap-dagster "
            f"{bundle.manifest['package']}, or the commit that the bundle was made with."
        )


def _write_settings(home: Home, settings: Settings) -> None:
    document = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    home.settings_file.write_text(f"# From a replay bundle.\n{document}", encoding="utf-8")


def _land(bundle: Bundle, project: Project, own: Sequence[Path]) -> None:
    """The landed rows: those of the bundle, or the person's own under its names and times."""
    if bundle.manifest["has_texts"] and own:
        raise BundleError(f"{bundle.path}: holds the predictions. Name no files beside it.")
    if not bundle.manifest["has_texts"] and not own:
        names = [known["source_uri"] for known in _landed(bundle)]
        raise BundleError(
            f"{bundle.path}: holds no texts. Name your files of the predictions after it: "
            f"{_listed(names)}."
        )
    if own:
        land(project, own)
        known = _landed(bundle)
        adopt(project.home.staging, [Delivery(*(k[f] for f in Delivery._fields)) for k in known])
    for name in bundle.names(STAGING):
        bundle.write_to(name, project.home.staging.joinpath(*name.split("/")[1:]))


def _landed(bundle: Bundle) -> list[Mapping[str, str]]:
    return [known for known in bundle.document(LANDINGS) if known["status"] == LANDED]


def _make(bundle: Bundle, judging: RecordedJudging) -> None:
    """All tables, from the landed rows on."""
    # A project knows the landed files of the time when it was opened.
    judging = RecordedJudging.of(
        judging.project.home,
        judging.project.settings,
        judging.answers.record if judging.answers else None,
    )
    project = judging.project
    land(project)
    evaluations = project.landing.evaluations()
    raw = predictions.raw_predictions
    make_evaluations(project, "raw_predictions", evaluations, lambda e: raw(project, e))
    ids = _frame(bundle, PREDICTIONS)
    _check_predictions(bundle, project, ids)
    _write_picks(bundle, project)
    make_failures(project)
    judged = ids.filter(pl.col("n_correct_outputs").is_not_null())

    def read(evaluation: Evaluation) -> pl.DataFrame:
        of_dataset = pl.col("dataset") == evaluation.dataset
        of_model = pl.col("model") == evaluation.model
        return judging.judged_errors(evaluation, judged.filter(of_dataset, of_model))

    make_evaluations(project, "judged_errors", evaluations, read)
    _check_calls(bundle, judging)
    for name in bundle.names(TAXONOMIES):
        table = name.removeprefix(TAXONOMIES).removesuffix(".parquet")
        project.store.declare(table)
        bundle.write_to(name, project.store.folder(table) / "part.parquet")
    for name in bundle.names(REVIEWS):
        bundle.write_to(name, project.home.reviews / name.removeprefix(REVIEWS))
    _write_former_assignments(bundle, project)
    make_assignments(project)
    _check_calls(bundle, judging)
    calls.make_judge_calls(project)
    results.make_evaluation_table(project)
    results.make_ledger(project)
    results.make_signatures(project)
    row_flows.make_row_flow(project)
    comparisons.make_comparisons(project)
    profiles.make_profiles(project)
    gold.make_gold(project)
    trust.make_trust(project)
    if met := project.obstacles.all():
        raise BundleError(f"{bundle.path}: cannot be replayed: {_listed(list(map(str, met)))}")


def _check_predictions(bundle: Bundle, project: Project, ids: pl.DataFrame) -> None:
    ours = project.store.scan("raw_predictions").select(_PREDICTION, "dataset", "model").collect()
    problems: list[str] = []
    for told, frame in (
        ("are missing", ids.join(ours, on=_PREDICTION, how="anti")),
        ("are not of the bundle", ours.join(ids, on=_PREDICTION, how="anti")),
    ):
        if frame.height:
            keys = [Evaluation(*row).key for row in frame.select("dataset", "model").iter_rows()]
            problems.append(f"{frame.height} predictions {told} ({_listed(sorted(set(keys)))})")
    if problems:
        raise BundleError(
            f"{bundle.path}: {'; '.join(problems)}. A prediction whose texts or score differ is "
            "both. Name the very files that the bundle was made of."
        )


def _check_calls(bundle: Bundle, judging: RecordedJudging) -> None:
    missing = judging.answers.missing if judging.answers else {}
    if not missing:
        return
    counts = ", ".join(f"{len(missing[s])} of {s.value}" for s in Operation if s in missing)
    n_missing = sum(map(len, missing.values()))
    raise BundleError(
        f"{bundle.path}: {n_missing} calls that the tables rest on are not in its record "
        f"({counts}): it was changed, or this version of the package asks otherwise than "
        f"errormap-dagster {bundle.manifest['package']}. Nothing was asked of any judge."
    )


def _write_picks(bundle: Bundle, project: Project) -> None:
    """The picks as they stood: they have a history, and are never made anew."""
    picked = _frame(bundle, PICKED)
    texts = project.store.scan("raw_predictions").select(_PREDICTION, "output_text")
    told = texts.join(picked.lazy().select(_PREDICTION), on=_PREDICTION, how="semi").collect()
    rows = picked.join(told, on=_PREDICTION, how="left", maintain_order="left")
    project.store.declare(PICKS)
    columns = project.store.scan(PICKS).collect_schema().names()
    for dataset in sorted({evaluation.dataset for evaluation in project.landing.evaluations()}):
        mark = project.fingerprints.informative_correct_predictions(dataset)
        part = rows.filter(pl.col("dataset") == dataset).select(columns)
        project.store.write(PICKS, part, mark, {"dataset": dataset})


def _write_former_assignments(bundle: Bundle, project: Project) -> None:
    """The assignments under versions that are not in force, for those in force to be put beside."""
    for name in bundle.names(FORMER):
        for key, own in _frame(bundle, name).group_by("dataset", "model", maintain_order=True):
            here = partition_of(Evaluation(str(key[0]), str(key[1])))
            project.store.write("category_assignments", own, "not made yet", here)


def _frame(bundle: Bundle, name: str) -> pl.DataFrame:
    return pl.read_parquet(b"".join(bundle.parts(name)))


def _compared(then: Mapping[str, Any], now: Mapping[str, Any]) -> Replayed:
    made = {name: now.get(name, {"bytes": "", "rows": ""}) for name in then}
    same = [name for name in then if made[name]["bytes"] == then[name]["bytes"]]
    rows = [n for n in then if n not in same and made[n]["rows"] == then[n]["rows"]]
    other = [name for name in then if name not in same and name not in rows]
    return Replayed(len(same), rows, other)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more
