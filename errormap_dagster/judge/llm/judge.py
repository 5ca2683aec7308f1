"""The language model judge: the operations of ``Judge`` by calls to an endpoint."""

from collections.abc import Iterable, Iterator, Sequence

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
from errormap_dagster.judge.llm.classifying import Classifier
from errormap_dagster.judge.llm.client import Answer, JudgeClient
from errormap_dagster.judge.llm.induction import Induction
from errormap_dagster.judge.llm.loop import LoopThread
from errormap_dagster.judge.llm.plan import StagePlan, plan_of
from errormap_dagster.judge.llm.reading import analysis_of, analysis_prompt
from errormap_dagster.judge.llm.record import CallRecord
from errormap_dagster.judge.streaming import in_order
from errormap_dagster.judge_settings import JudgeSettings


class LlmJudge:
    """A judge behind an endpoint. What it has answered once it is not asked again.

    The client and its thread start with the first question, so that a judge whose answers nobody
    needs asks for no key.
    """

    def __init__(self, settings: JudgeSettings, record_url: str, run_id: str) -> None:
        self._settings = settings
        self._record_url = record_url
        self._run_id = run_id
        self._plans = {stage: plan_of(settings, stage) for stage in Operation}
        self._started: tuple[LoopThread, JudgeClient] | None = None

    def identity(self, operation: Operation) -> JudgeIdentity:
        """The model, the prompt and the parameters of an operation."""
        return self._plans[operation].identity

    def effort(self) -> Effort:
        """Calls, tokens, dollars and seconds so far."""
        return self._started[1].effort if self._started else Effort()

    def analyse(self, cases: Iterable[FailureCase]) -> Iterator[Analysis]:
        """Read failures side by side; see ``Judge.analyse``."""
        loop, _ = self._running()
        window = self._settings.limits.concurrency
        return in_order(lambda case: loop.submit(self._analyse(case)), cases, window)

    async def _analyse(self, case: FailureCase) -> Analysis:
        plan = self._plans[Operation.ANALYSE]
        system, text = analysis_prompt(plan, case, self._settings.limits.prompt_tokens)
        return analysis_of(await self._ask(plan, system, text))

    def build_categories(
        self, errors: Sequence[JudgedError], limits: TaxonomyLimits, base: Sequence[Category] = ()
    ) -> Growth:
        """Generate, update and review lists of categories; see ``Judge.build_categories``."""
        loop, _ = self._running()
        ordered = sorted(errors, key=lambda error: error.prediction_id)
        titles = self._settings.titles_per_call
        induction = Induction(self._ask, self._plans, self._classifier(), limits, titles)
        return loop.submit(induction.grow(ordered, base)).result()

    def classify(self, tasks: Iterable[ClassificationTask]) -> Iterator[list[Classification]]:
        """Put errors into categories side by side; see ``Judge.classify``."""
        loop, _ = self._running()
        classifier = self._classifier()
        window = self._settings.limits.concurrency
        return in_order(lambda task: loop.submit(classifier.classify(task)), tasks, window)

    def _classifier(self) -> Classifier:
        plan = self._plans[Operation.CLASSIFY]
        return Classifier(self._ask, plan, self._settings.errors_per_classification)

    async def _ask(self, plan: StagePlan, system: str, case: str) -> Answer:
        return await self._running()[1].ask(plan, system, case)

    def _running(self) -> tuple[LoopThread, JudgeClient]:
        if self._started is None:
            record = CallRecord.open(self._record_url)
            client = JudgeClient(self._settings, record, self._run_id)
            self._started = (LoopThread(), client)
        return self._started
