"""Answers from the record alone: no endpoint, no key, nothing paid and nothing written."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from errormap_dagster.domain.records import Analysis
from errormap_dagster.judge.interface import Effort, Operation
from errormap_dagster.judge.llm.client import Answer
from errormap_dagster.judge.llm.ending import OK, call_of, read_back
from errormap_dagster.judge.llm.endpoint import parsed
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.reading import analysis_of
from errormap_dagster.judge.llm.record import Call, CallRecord

NOT_RECORDED: Final = "not_recorded"
"""Status of the answer to a question that the record does not hold."""


def recorded_answer(plan: StagePlan, call: Call) -> Answer | None:
    """What a recorded call came to; None while its reply still waits for its repair."""
    if call.status != OK or call.reply is None:
        return Answer(None, call)
    try:
        return Answer(parsed(plan, read_back(call.reply)), call)
    except Exception:  # noqa: BLE001 - instructor and pydantic raise many kinds
        return None


def unanswered(plan: StagePlan, call_id: str, status: str) -> Call:
    """A call that nobody has made."""
    return replace(call_of(plan, None, None, ()), call_id=call_id, status=status, reason=None)


@dataclass
class RecordedAnswers:
    """Answers as the record has them; what it lacks is counted.

    Attributes:
        used: ids of the calls that were looked up and found.
        missing: for each stage the ids of those that were not.
    """

    record: CallRecord
    effort: Effort = field(default_factory=Effort)
    used: set[str] = field(default_factory=set[str])
    missing: dict[Operation, set[str]] = field(default_factory=dict[Operation, set[str]])

    async def ask(self, plan: StagePlan, system: str, case: str) -> Answer:
        """The recorded reply to a question, or none."""
        return self.of(plan, plan.call_id(system, case))

    def of(self, plan: StagePlan, call_id: str) -> Answer:
        """What a call came to, by its id."""
        call = self.record.find(call_id)
        answer = recorded_answer(plan, call) if call else None
        if answer is None:
            self.missing.setdefault(plan.stage, set()).add(call_id)
            return Answer(None, unanswered(plan, call_id, NOT_RECORDED))
        self.used.add(call_id)
        return answer

    def analyses(self, plan: StagePlan, call_ids: Iterable[str]) -> list[Analysis]:
        """The analyses that these calls brought, in their order."""
        return [analysis_of(self.of(plan, call_id)) for call_id in call_ids]
