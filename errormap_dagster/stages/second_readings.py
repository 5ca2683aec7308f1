"""The sample read again: by a second judge, and by the same judge with other seeds and prompts.

Calls go through the record, so nothing is paid twice, and one by one, so no batch is waited for.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from errormap_dagster.contracts.registry import empty_frame, polars_schema
from errormap_dagster.domain.assignment import Assigner, assign_errors
from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.domain.trust import NO_ERROR, Kind, in_order_of_review
from errormap_dagster.errors import JudgeStoppedError
from errormap_dagster.evaluations import Evaluation
from errormap_dagster.judge.analyse import judged_errors_frame
from errormap_dagster.judge.interface import Effort, Judge, JudgeIdentity, Operation
from errormap_dagster.judge_settings import BudgetSettings, JudgeSettings, StageSettings
from errormap_dagster.project import Project
from errormap_dagster.stages.assignments import task_of
from errormap_dagster.stages.judging import judged_cases
from errormap_dagster.stages.results import reported_version
from errormap_dagster.stages.reviews import answers_of
from errormap_dagster.stages.taxonomies import categories_of, versions_in_force

_ASKED = (Operation.ANALYSE, Operation.CLASSIFY)
_OFF = {
    Kind.SECOND_JUDGE: "none is named: `trust.second_judge` in errormap.yaml does",
    Kind.REPEAT: "off, for it costs the sample's calls again: `trust.repeats` in errormap.yaml",
}
_SAME = {
    Kind.SECOND_JUDGE: "it is the first judge, with the same prompts and parameters",
    Kind.REPEAT: "asked in the same way; another seed or prompt version makes it another reading",
}
_RULES = "the embedded analyst follows rules and answers the same again"

Identities = tuple[JudgeIdentity, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """A judge that reads the sample again.

    Attributes:
        kind: a second judge, or a repeat of the first.
        name: the judge, and what tells it from the first.
        settings: of the judge.
        identities: who it is when it analyses and when it classifies.
    """

    kind: Kind
    name: str
    settings: JudgeSettings
    identities: Identities


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads the sample again, and why a kind of reader does not."""

    readers: list[Reader]
    reasons: dict[Kind, str]


@dataclass(slots=True)
class SecondReadings:
    """What came of reading again.

    Attributes:
        rows: of ``judge_reviews``.
        stopped: why a reader could not go on, by kind.
        effort: what was asked.
    """

    rows: pl.DataFrame
    stopped: dict[Kind, str] = field(default_factory=dict[Kind, str])
    effort: Effort = field(default_factory=Effort)


def second_readers(project: Project) -> Readers:
    """The judges that are to read the sample again, by the settings."""
    first = _identities(project.judge)
    reasons = dict(_OFF)
    if project.settings.judge.kind == "embedded":
        reasons[Kind.REPEAT] = _RULES
    readers: list[Reader] = []
    for kind, what, settings in _wanted(project):
        identities = _identities(project.judge_of(settings))
        if identities == first:
            reasons[kind] = _SAME[kind]
            continue
        name = f"{identities[0].judge}, {what or identities[0].prompt_version}"
        readers.append(Reader(kind, name, settings, identities))
    return Readers(readers, reasons)


def _wanted(project: Project) -> Iterator[tuple[Kind, str, JudgeSettings]]:
    judge, trust = project.settings.judge, project.settings.trust
    if (second := trust.second_judge) is not None:
        has_budget = second.budget != BudgetSettings()
        shared = {
            "budget": second.budget if has_budget else judge.budget,
            "prices": {**judge.prices, **second.prices},
        }
        yield Kind.SECOND_JUDGE, "", second.model_copy(update={**shared, "lane": "ordinary"})
    if judge.kind == "embedded":
        return
    for change, what in _changes(project):
        yield Kind.REPEAT, what, judge.model_copy(update={**change, "lane": "ordinary"})


def _changes(project: Project) -> Iterator[tuple[dict[str, Any], str]]:
    """What repeats do otherwise than the judge."""
    judge, trust = project.settings.judge, project.settings.trust
    given = judge.parameters.get("seed", 0)
    for n in range(1, trust.repeats + 1):
        seed = (given if isinstance(given, int) else 0) + n
        yield {"parameters": {**judge.parameters, "seed": seed}}, f"seed {seed}"
    stage = judge.stages.get("analyse", StageSettings())
    for version in trust.repeat_prompts:
        changed = stage.model_copy(update={"prompt_version": version})
        yield {"stages": {**judge.stages, "analyse": changed}}, f"prompt {version}"


def _identities(judge: Judge) -> Identities:
    return tuple(judge.identity(operation) for operation in _ASKED)


def read_again(
    project: Project, readers: list[Reader], make: Callable[[JudgeSettings], Judge]
) -> SecondReadings:
    """Have the sample read by some readers; a reader that cannot go on stops no other.

    Args:
        project: the opened home, its failures judged and assigned.
        readers: who reads.
        make: a judge of these settings.
    """
    found = SecondReadings(empty_frame("judge_reviews"))
    cases = list(_sampled_cases(project)) if readers else []
    for reader in readers:
        with closing(make(reader.settings)) as judge:
            try:
                rows = pl.concat(_readings(project, reader, judge, cases))
                found.rows = pl.concat([found.rows, rows])
            except JudgeStoppedError as error:
                found.stopped[reader.kind] = f"it could not go on, and is asked again: {error}"
            found.effort += judge.effort()
    return found


def _sampled_cases(project: Project) -> Iterator[FailureCase]:
    """The failures that people would review first, as the judge was shown them."""
    trust = project.settings.trust
    key = VersionKey(*reported_version(project))
    chosen = in_order_of_review(answers_of(project, key), trust.seed).head(trust.sample)
    judged = project.store.scan("judged_errors").join(chosen.lazy(), on="prediction_id", how="semi")
    rows = judged.select("dataset", "model", "prediction_id", "n_correct_outputs").collect()
    for part in rows.sort("*").partition_by("dataset", "model", maintain_order=True):
        dataset, model = part.row(0)[:2]
        yield from judged_cases(project, Evaluation(dataset, model), part)


def _readings(
    project: Project, reader: Reader, judge: Judge, cases: list[FailureCase]
) -> list[pl.DataFrame]:
    """One reader's rows of ``judge_reviews``, for each version in force."""
    judged = judged_errors_frame(judge, cases, judge.analyse(cases))
    versions = [(key, categories_of(project, key)) for key in versions_in_force(project)]
    tasks = [task_of(judged, categories) for _, categories in versions]
    return [
        _rows(
            reader,
            key,
            judged,
            assign_errors(judged, told, categories, assigner=_ASSIGNER, **key._asdict()),
        )
        for (key, categories), told in zip(versions, judge.classify(tasks), strict=True)
    ]


_ASSIGNER = Assigner("", "", "")
"""Who assigned stands in the reading, not in its assignments."""


def _rows(
    reader: Reader, key: VersionKey, judged: pl.DataFrame, assigned: pl.DataFrame
) -> pl.DataFrame:
    is_without = pl.col("outcome").is_in([NO_ERROR, Outcome.JUDGE_FAILED.value])
    placed = assigned.select("prediction_id", "category_id", "status")
    schema = polars_schema("judge_reviews")
    rows = judged.join(placed, on="prediction_id", how="left", maintain_order="left")
    return rows.select(
        "prediction_id",
        "error_title",
        "call_id",
        kind=pl.lit(reader.kind.value),
        reviewer=pl.lit(reader.name),
        taxonomy=pl.lit(key.taxonomy),
        version=pl.lit(key.version, pl.Int64),
        answer=pl.when(is_without).then("outcome").otherwise(pl.coalesce("category_id", "status")),
        note=pl.col("error_summary"),
        reviewed_at=pl.lit(None, schema["reviewed_at"]),
    ).select(schema.names())
