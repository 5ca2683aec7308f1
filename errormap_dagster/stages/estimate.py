"""What a run would ask a judge behind an endpoint, and what that would cost, before it is spent.

A copy of the home takes the whole way that a run takes, with a judge that asks nobody. Nothing is
landed, made or recorded in the home itself.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from errormap_dagster.fingerprints import partition_of
from errormap_dagster.judge.interface import Operation
from errormap_dagster.judge.llm.expectations import Expectations, expectations
from errormap_dagster.judge.llm.forecast import Forecast
from errormap_dagster.judge.llm.judge import LlmJudge
from errormap_dagster.judge.llm.plan import StagePlan, plan_of
from errormap_dagster.judge.llm.prices import batch_price_of, cost_usd, price_of
from errormap_dagster.judge.llm.reading import analysis_prompt
from errormap_dagster.judge.llm.record import CallRecord
from errormap_dagster.judge_settings import JudgeSettings
from errormap_dagster.project import Project
from errormap_dagster.settings import Settings
from errormap_dagster.stages.chain import make_failures, make_judgements
from errormap_dagster.stages.judging import judged_cases
from errormap_dagster.stages.landing import land
from errormap_dagster.stages.proposals import propose_files
from errormap_dagster.stages.results import make_evaluation_table
from errormap_dagster.stages.scratch import JudgedProject, scratch_home
from errormap_dagster.stages.second_readings import read_again, second_readers
from errormap_dagster.stages.trust import is_read_again

_CASES_TO_LEARN_FROM = 200

_BY_BATCH = {Operation.ANALYSE, Operation.CLASSIFY}
"""Stages whose calls go by the provider's Batch API where that lane is chosen."""


@dataclass(frozen=True, slots=True)
class StageEstimate:
    """What a run would ask in one stage.

    Attributes:
        stage: analyse, generate, update, review or classify; with the reader's name where a sample
            is read again.
        model: that judges in it.
        n_recorded: questions that the record answers, for nothing.
        n_calls: that would be made.
        n_tries: requests for these, repeated ones too.
        prompt_tokens: that would be sent.
        completion_tokens: that would come back.
        cost_usd: None where no price is known.
        is_count_from_record: whether recorded tokens of prompts correct the count of these.
        n_replies_from_record: recorded replies that expect these to be alike; 0: the defaults.
    """

    stage: str
    model: str
    n_recorded: int
    n_calls: int
    n_tries: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    is_count_from_record: bool
    n_replies_from_record: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would ask and cost.

    Attributes:
        stages: those with a question, in the order in which they begin.
        expected: what replies to come are taken to be.
        new_files: files that count although they have not landed yet.
        spent_today: dollars and tokens that the record holds of this day of UTC.
        obstacles: why some evaluations cannot be made; they do not count.
    """

    stages: list[StageEstimate] = field(default_factory=list[StageEstimate])
    expected: Expectations | None = None
    new_files: list[str] = field(default_factory=list[str])
    spent_today: tuple[float, int] = (0.0, 0)
    obstacles: list[str] = field(default_factory=list[str])


def estimate(project: Project, paths: Sequence[str | Path] = ()) -> Estimate:
    """What `run` would ask and cost now.

    Args:
        project: the opened home; nothing is written into it.
        paths: files and folders that count as if they had landed.

    Raises:
        IngestError: a path does not exist.
        SettingsError: the settings name no model, or the record cannot be opened.
    """
    if not _has_endpoint(project):
        return Estimate()
    with scratch_home(project.home) as home, _record(project, home.root) as record:
        first = _Asked.of(record, project.settings.judge)
        judge = first.judge if first else project.judge
        copy = JudgedProject(home, _offline(project), project.run_id, other_judge=judge)
        new_files = copy.landing.pending_files()
        land(copy, paths)
        make_failures(copy)
        if first:
            _learn(copy, first.forecast, first.plans[Operation.ANALYSE])
        make_judgements(copy, project.run_id)
        propose_files(copy, project.run_id)
        asked_again = _read_again(copy, record)
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return Estimate(
            stages=[*(first.stages() if first else []), *asked_again],
            expected=first.forecast.expected if first else None,
            new_files=[*new_files, *map(str, paths)],
            spent_today=record.spent(since=today),
            obstacles=[str(obstacle) for obstacle in copy.obstacles.all()],
        )


def _has_endpoint(project: Project) -> bool:
    second = project.settings.trust.second_judge
    return "llm" in {project.settings.judge.kind, second.kind if second else ""}


@dataclass(frozen=True)
class _Asked:
    """A judge that asks nobody, and counts."""

    settings: JudgeSettings
    plans: Mapping[Operation, StagePlan]
    forecast: Forecast
    judge: LlmJudge

    @classmethod
    def of(cls, record: CallRecord, settings: JudgeSettings) -> "_Asked | None":
        """The judge of these settings; None for the embedded analyst, which costs nothing."""
        if settings.kind == "embedded":
            return None
        plans = {stage: plan_of(settings, stage) for stage in Operation}
        forecast = Forecast(record, expectations(record, plans))
        return cls(settings, plans, forecast, LlmJudge(settings, "", "estimate", forecast))

    def stages(self, reader: str = "") -> list[StageEstimate]:
        """What was asked, stage by stage."""
        tallies = self.forecast.tallies.items()
        asked = [stage for stage, t in tallies if t.n_calls or t.n_recorded]
        told = [_stage(self.forecast, self.plans[stage], self.settings) for stage in asked]
        return [replace(s, stage=f"{s.stage} ({reader})") if reader else s for s in told]


def _read_again(copy: Project, record: CallRecord) -> list[StageEstimate]:
    """What the second readings of the sample would ask."""
    make_evaluation_table(copy)
    stages: list[StageEstimate] = []
    if is_read_again(copy):
        return stages
    for reader in second_readers(copy).readers:
        if asked := _Asked.of(record, reader.settings):
            read_again(copy, [reader], lambda _, judge=asked.judge: judge)
            stages += asked.stages(reader.name)
    return stages


@contextmanager
def _record(project: Project, folder: Path) -> Generator[CallRecord]:
    """The record of calls; an empty one of its own where there is none, for none is to be made."""
    empty = f"sqlite:///{folder / 'judge_calls.sqlite'}"
    url = project.judge_calls_url if project.has_judge_calls else empty
    with closing(CallRecord.open(url)) as record:
        yield record


def _offline(project: Project) -> Settings:
    """The settings without landing folders that are URLs: nothing is fetched for an estimate."""
    landing = project.settings.landing.model_copy(update={"urls": []})
    return project.settings.model_copy(update={"landing": landing})


def _learn(project: Project, forecast: Forecast, plan: StagePlan) -> None:
    """Hold the count of tokens against prompts that were sent before and are not sent again."""
    left = _CASES_TO_LEARN_FROM
    most = project.settings.judge.limits.prompt_tokens
    for evaluation in project.landing.evaluations():
        if left <= 0:
            return
        rows = project.store.scan("judged_errors", partition_of(evaluation))
        judged = rows.filter(pl.col("call_id").is_not_null()).head(left).collect()
        for case in judged_cases(project, evaluation, judged):
            forecast.learn(plan, *analysis_prompt(plan, case, most))
        left -= judged.height


def _stage(forecast: Forecast, plan: StagePlan, judge: JudgeSettings) -> StageEstimate:
    tally, expected = forecast.tallies[plan.stage], forecast.expected.stages[plan.stage]
    sent = round(tally.prompt_tokens * forecast.correction(plan.stage))
    beside = tally.n_calls * expected.tokens_beside
    received = round(tally.n_units * expected.completion_tokens + beside)
    by_batch = judge.lane == "batch" and plan.stage in _BY_BATCH
    price = (batch_price_of if by_batch else price_of)(plan.model, judge.prices)
    return StageEstimate(
        stage=plan.stage.value,
        model=plan.model,
        n_recorded=tally.n_recorded,
        n_calls=tally.n_calls,
        n_tries=round(tally.n_calls * expected.tries),
        prompt_tokens=sent,
        completion_tokens=received,
        cost_usd=cost_usd(price, sent, round(sent * expected.cached_share), received),
        is_count_from_record=any(t.known_tokens_about for t in forecast.tallies.values()),
        n_replies_from_record=expected.n_recorded,
    )
