"""What a judge was asked for, made again from the record of calls alone."""

from dataclasses import dataclass

import polars as pl

from errormap_dagster.evaluations import Evaluation
from errormap_dagster.home import Home
from errormap_dagster.judge.analyse import judged_errors_frame
from errormap_dagster.judge.embedded.analyst import EmbeddedAnalyst
from errormap_dagster.judge.interface import Judge, Operation
from errormap_dagster.judge.llm.judge import LlmJudge
from errormap_dagster.judge.llm.plan import plan_of
from errormap_dagster.judge.llm.record import CallRecord
from errormap_dagster.judge.llm.recorded import RecordedAnswers
from errormap_dagster.settings import Settings
from errormap_dagster.stages.judging import judged_cases
from errormap_dagster.stages.scratch import JudgedProject

JUDGED = ["prediction_id", "call_id", "n_correct_outputs"]
"""What has to be known of a judged failure to judge it again in the same way."""


@dataclass(frozen=True)
class RecordedJudging:
    """A project whose judge reads the record, or is the embedded analyst and needs none."""

    project: JudgedProject
    answers: RecordedAnswers | None

    @classmethod
    def of(cls, home: Home, settings: Settings, record: CallRecord | None) -> "RecordedJudging":
        """The judging of a home by these settings.

        Args:
            home: with the tables up to ``failures``.
            settings: whose judge is asked.
            record: of its calls; None for the embedded analyst.
        """
        answers = None if record is None else RecordedAnswers(record)
        judge: Judge = EmbeddedAnalyst(settings.judge.workers)
        if answers is not None:
            judge = LlmJudge(settings.judge, "", "replay", answers)
        return cls(JudgedProject(home, settings, "replay", other_judge=judge), answers)

    def judged_errors(self, evaluation: Evaluation, judged: pl.DataFrame) -> pl.DataFrame:
        """Rows of ``judged_errors`` of one evaluation.

        Args:
            evaluation: whose failures were judged.
            judged: prediction_id, call_id and n_correct_outputs of each.
        """
        cases = list(judged_cases(self.project, evaluation, judged))
        if self.answers is None:
            return judged_errors_frame(self.project.judge, cases, self.project.judge.analyse(cases))
        plan = plan_of(self.project.settings.judge, Operation.ANALYSE)
        # By the ids of their calls: what other models were shown as correct by then may have
        # changed since, and a judgement stands whatever lands later.
        call_of = dict(judged.select("prediction_id", "call_id").iter_rows())
        found = self.answers.analyses(plan, [call_of[case.prediction_id] or "" for case in cases])
        return judged_errors_frame(self.project.judge, cases, found)
