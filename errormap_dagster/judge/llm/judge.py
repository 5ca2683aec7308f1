"""The language model judge: the operations of ``Judge`` by calls to an endpoint."""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from errormap_dagster.domain.growth import Growth
from errormap_dagster.domain.records import (
    Analysis,
    Category,
    Classification,
    FailureCase,
    JudgedError,
)
from errormap_dagster.judge.interface import (
    ClassificationTask,
    Effort,
    JudgeIdentity,
    Operation,
    TaxonomyLimits,
)
from errormap_dagster.judge.llm.batch.lane import BatchLane, Questions, is_lane_needed
from errormap_dagster.judge.llm.classifying import Classifier
from errormap_dagster.judge.llm.client import Answer, JudgeClient
from errormap_dagster.judge.llm.induction import Induction
from errormap_dagster.judge.llm.loop import LoopThread
from errormap_dagster.judge.llm.plan import StagePlan, plan_of
from errormap_dagster.judge.llm.reading import analysis_of, analysis_prompt
from errormap_dagster.judge.llm.record import CallRecord
from errormap_dagster.judge.streaming import in_order
from errormap_dagster.judge_settings import JudgeSettings

_N_READY: Final = 256
Item = TypeVar("Item")
Result = TypeVar("Result")


class Asker(Protocol):
    """Whoever finds the reply to a question: the client of an endpoint, or a reader of records."""

    @property
    def effort(self) -> Effort:
        """What was done so far."""
        ...

    async def ask(self, plan: StagePlan, system: str, case: str) -> Answer:
        """The reply to a question."""
        ...


class _Started(NamedTuple):
    """What runs once a question was asked; the client and its record unless another answers."""

    loop: LoopThread
    asker: Asker
    client: JudgeClient | None = None
    record: CallRecord | None = None


class LlmJudge:
    """A judge behind an endpoint. What it has answered once it is not asked again.

    The client and its thread start with the first question, so that a judge whose answers nobody
    needs asks for no key.

    Args:
        settings: of the judge.
        record_url: of the record of calls.
        run_id: stands in what is paid for.
        asker: answers instead of the endpoint.
        batch_folder: for files on their way to the provider's Batch API and back; without one no
            call goes that way.
    """

    def __init__(
        self,
        settings: JudgeSettings,
        record_url: str,
        run_id: str,
        asker: Asker | None = None,
        batch_folder: Path | None = None,
    ) -> None:
        self._batch_folder = batch_folder
        self._settings = settings
        self._record_url = record_url
        self._run_id = run_id
        self._asker = asker
        self._plans = {stage: plan_of(settings, stage) for stage in Operation}
        self._started: _Started | None = None
        self._ended = Effort()
        self._lane: BatchLane | None = None

    def identity(self, operation: Operation) -> JudgeIdentity:
        """The model, the prompt and the parameters of an operation."""
        return self._plans[operation].identity

    def effort(self) -> Effort:
        """Calls, tokens, dollars and seconds so far."""
        return self._ended + self._started.asker.effort if self._started else self._ended

    def close(self) -> None:
        """End the thread, and close the connections and the record."""
        if self._started is None:
            return
        started, self._started = self._started, None
        self._ended += started.asker.effort
        if started.client:
            started.loop.submit(started.client.close()).result()
        started.loop.close()
        if started.record:
            started.record.close()
        if self._lane:
            self._lane.close()
            self._lane = None

    def analyse_ahead(self, cases: Iterable[FailureCase]) -> None:
        """Have failures read by batch; see ``AsksAhead``."""
        plan, most = self._plans[Operation.ANALYSE], self._settings.limits.prompt_tokens
        self._ask_ahead(plan, lambda: (analysis_prompt(plan, case, most) for case in cases))

    def analyse(self, cases: Iterable[FailureCase]) -> Iterator[Analysis]:
        """Read failures side by side; see ``Judge.analyse``."""
        return self._in_order(self._analyse, cases)

    async def _analyse(self, case: FailureCase) -> Analysis:
        plan = self._plans[Operation.ANALYSE]
        system, text = analysis_prompt(plan, case, self._settings.limits.prompt_tokens)
        return analysis_of(await self._ask(plan, system, text))

    def build_categories(
        self, errors: Sequence[JudgedError], limits: TaxonomyLimits, base: Sequence[Category] = ()
    ) -> Growth:
        """Generate, update and review lists of categories; see ``Judge.build_categories``."""
        ordered = sorted(errors, key=lambda error: error.prediction_id)
        titles = self._settings.titles_per_call
        most = self._settings.limits.prompt_tokens
        induction = Induction(self._ask, self._plans, self._classifier(), limits, titles, most)
        return self._running().loop.submit(induction.grow(ordered, base)).result()

    def classify_ahead(self, tasks: Iterable[ClassificationTask]) -> None:
        """Have errors classified by batch; see ``AsksAhead``."""
        questions_of = self._classifier().questions
        self._ask_ahead(
            self._plans[Operation.CLASSIFY],
            lambda: (question for task in tasks for question in questions_of(task)),
        )

    def classify(self, tasks: Iterable[ClassificationTask]) -> Iterator[list[Classification]]:
        """Put errors into categories side by side; see ``Judge.classify``."""
        return self._in_order(self._classifier().classify, tasks)

    def _in_order(
        self, work: Callable[[Item], Coroutine[Any, Any, Result]], items: Iterable[Item]
    ) -> Iterator[Result]:
        # Some are ready beyond those in flight: one slow answer holds up no other.
        window = self._settings.limits.concurrency + _N_READY
        return in_order(lambda item: self._running().loop.submit(work(item)), items, window)

    def _classifier(self) -> Classifier:
        plan = self._plans[Operation.CLASSIFY]
        most_tokens = self._settings.limits.prompt_tokens
        return Classifier(self._ask, plan, self._settings.errors_per_classification, most_tokens)

    def _ask_ahead(self, plan: StagePlan, questions: Questions) -> None:
        folder = self._batch_folder
        if folder is None or next(questions(), None) is None:
            return  # nobody needs a key
        if self._lane is None:
            record = CallRecord.open(self._record_url)
            client = self._running().client if is_lane_needed(self._settings, record) else None
            if client is None:
                record.close()
                return
            self._lane = BatchLane(self._settings, client, record, folder, self._run_id)
        self._lane.ask(plan, questions)

    async def _ask(self, plan: StagePlan, system: str, case: str) -> Answer:
        return await self._running().asker.ask(plan, system, case)

    def _running(self) -> _Started:
        if self._started is None:
            self._started = self._start()
        return self._started

    def _start(self) -> _Started:
        if self._asker:
            return _Started(LoopThread(), self._asker)
        record = CallRecord.open(self._record_url)
        client = JudgeClient(self._settings, record, self._run_id)
        return _Started(LoopThread(), client, client, record)
