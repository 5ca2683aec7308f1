"""A language model judge in front of the scripted endpoint, as the tests of the judge use it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from errormap_dagster.domain.records import Analysis, FailureCase, Outcome
from errormap_dagster.judge.interface import Effort
from errormap_dagster.judge.llm.batch.record import Batch, BatchRecord
from errormap_dagster.judge.llm.judge import LlmJudge
from errormap_dagster.judge.llm.record import Call, CallRecord
from errormap_dagster.judge_settings import JudgeSettings

QUICK = {"attempts": 3, "longest_wait_seconds": 0.1, "timeout_seconds": 5, "concurrency": 8}
"""Limits under which a test need not wait."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the calls of some runs are recorded."""

    folder: Path

    @property
    def url(self) -> str:
        """Of the record."""
        return f"sqlite:///{self.folder / 'calls.sqlite'}"

    def rows(self) -> list[Call]:
        """All that is recorded."""
        record = CallRecord.open(self.url)
        rows = list(record.rows())
        record.close()
        return rows

    def judge(self, settings: JudgeSettings, run_id: str = "run") -> LlmJudge:
        """A judge of one run."""
        return LlmJudge(settings, self.url, run_id, batch_folder=self.folder / "judge_batches")

    def batches(self) -> list[Batch]:
        """All batches that were begun."""
        record = CallRecord.open(self.url)
        rows = BatchRecord.beside(record.engine).batches()
        record.close()
        return rows

    def analyse(
        self, settings: JudgeSettings, asked: Iterable[FailureCase], run_id: str = "run"
    ) -> list[Analysis]:
        """The analyses of a run."""
        return self.run(settings, asked, run_id)[0]

    def run(
        self, settings: JudgeSettings, asked: Iterable[FailureCase], run_id: str = "run"
    ) -> tuple[list[Analysis], Effort]:
        """The analyses of a run, and what it did."""
        judge = self.judge(settings, run_id)
        known = list(asked)
        try:
            judge.analyse_ahead(known)
            return list(judge.analyse(known)), judge.effort()
        finally:
            judge.close()


def settings_for(base_url: str, limits: dict[str, Any] | None = None, **more: Any) -> JudgeSettings:
    """Settings for a judge at an address, quick unless told otherwise."""
    values = {"kind": "llm", "model": "judge-model", "base_url": base_url, **more}
    return JudgeSettings.model_validate({**values, "limits": {**QUICK, **(limits or {})}})


def cases(n: int) -> list[FailureCase]:
    """Failures, each with texts of its own."""
    first = FailureCase(
        prediction_id="",
        dataset="sums",
        model="model",
        example_id="",
        input_text="",
        output_text="",
        correct_answer="42",
        score=0.0,
        threshold=1.0,
    )
    return [
        replace(
            first,
            prediction_id=f"p{i:04}",
            example_id=f"e{i:04}",
            input_text=f"What is 40 plus 2, asked as number {i}?",
            output_text=f"I add the two numbers of question {i} and get 43 in the end.",
        )
        for i in range(n)
    ]


def is_read(analysis: Analysis) -> bool:
    """Whether the judge came to a result."""
    return analysis.outcome != Outcome.JUDGE_FAILED


def by_batch(base_url: str, batch: Mapping[str, Any] | None = None, **more: Any) -> JudgeSettings:
    """Settings of the batch lane, quick unless told otherwise."""
    quick = {"poll_seconds": 0.01, **(batch or {})}
    return settings_for(base_url, lane="batch", batch=quick, **more)


def same(rows: list[Call]) -> list[Call]:
    """Rows without times, costs and the server's numbers, which differ between lanes and runs."""
    never = datetime(2000, 1, 1, tzinfo=UTC)
    return [
        replace(
            row,
            seconds=0,
            called_at=never,
            cost_usd=None,
            run_id="",
            reply=re.sub(r'"(chatcmpl-|call_)\d+"', '"id"', row.reply or ""),
        )
        for row in rows
    ]
