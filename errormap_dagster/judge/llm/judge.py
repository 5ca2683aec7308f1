"""The language model judge: the operations of ``Judge`` by calls to an endpoint."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

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
from errormap_dagster.judge.llm.classifying import Classifier
from errormap_dagster.judge.llm.client import Answer, JudgeClient
from errormap_dagster.judge.llm.induction import Induction
from errormap_dagster.judge.llm.loop import LoopThread
from errormap_dagster.judge.llm.plan import StagePlan, plan_of
from errormap_dagster.judge.llm.reading import analysis_of, analysis_prompt
from errormap_dagster.judge.llm.record import CallRecord
from errormap_dagster.judge.streaming import in_order
from errormap_dagster.judge_settings import JudgeSettings


class Asker(Protocol):
    """Whoever finds the reply to a question: the client of an endpoint, or a reader of records."""

    @property
    def effort(self) -> Effort:
        """What was done so far."""
        ...

    async def ask(self, plan: StagePlan, system: str, case: str) -> Answer:
        """The reply to a question."""
        ...


class LlmJudge:
    """A judge behind an endpoint. What it has answered once it is not asked again.

    The client and its thread start with the first question, so that a judge whose answers nobody
    needs asks for no key.

    Args:
        settings: of the judge.
        record_url: of the record of calls.
        run_id: stands in what is paid for.
        asker: answers instead of the endpoint.
    """

    def __init__(
        self, settings: JudgeSettings, record_url: str, run_id: str, asker: Asker | None = None
    ) -> None:
        self._settings = settings
        self._record_url = record_url
        self._run_id = run_id
        self._asker = asker
        self._plans = {stage: plan_of(settings, stage) for stage in Operation}
        self._started: tuple[LoopThread, Asker] | None = None

    def identity(self, operation: Operation) -> JudgeIdentity:
        """The model, the prompt and the parameters of an operation."""
        return self._plans[operation].identity

    def effort(self) -> Effort:
        """Calls, tokens, dollars and seconds so far."""
        return self._started[1].effort if self._started else Effort()

    def analyse(self, cases: Iterable[FailureCase]) -> Iterator[Analysis]:
        """Read failures side by side; see ``Judge.analyse``."""
        window = self._settings.limits.concurrency
        return in_order(lambda case: self._running()[0].submit(self._analyse(case)), cases, window)

    async def _analyse(self, case: FailureCase) -> Analysis:
        plan = self._plans[Operation.ANALYSE]
        system, text = analysis_prompt(plan, case, self._settings.limits.prompt_tokens)
        return analysis_of(await self._ask(plan, system, text))

    def build_categories(
        self, errors: Sequence[JudgedError], limits: TaxonomyLimits
    ) -> list[Category]:
        """Generate, update and review lists of categories; see ``Judge.build_categories``."""
        loop, _ = self._running()
        ordered = sorted(errors, key=lambda error: error.prediction_id)
        titles = self._settings.titles_per_call
        induction = Induction(self._ask, self._plans, self._classifier(), limits, titles)
        return loop.submit(induction.grow(ordered)).result()

    def classify(self, tasks: Iterable[ClassificationTask]) -> Iterator[list[Classification]]:
        """Put errors into categories side by side; see ``Judge.classify``."""
        classifier = self._classifier()
        window = self._settings.limits.concurrency
        return in_order(
            lambda task: self._running()[0].submit(classifier.classify(task)), tasks, window
        )

    def _classifier(self) -> Classifier:
        plan = self._plans[Operation.CLASSIFY]
        return Classifier(self._ask, plan, self._settings.errors_per_classification)

    async def _ask(self, plan: StagePlan, system: str, case: str) -> Answer:
        return await self._running()[1].ask(plan, system, case)

    def _running(self) -> tuple[LoopThread, Asker]:
        if self._started is None:
            self._started = (LoopThread(), self._asker or self._client())
        return self._started

    def _client(self) -> JudgeClient:
        record = CallRecord.open(self._record_url)
        return JudgeClient(self._settings, record, self._run_id)
