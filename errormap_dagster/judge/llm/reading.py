"""Reading one failure with a language model: the prompt's texts, and the reply as an analysis."""

from collections.abc import Sequence

from errormap_dagster.domain.records import Analysis, Criterion, FailureCase, Outcome
from errormap_dagster.judge.analyse import failed_analysis
from errormap_dagster.judge.llm.client import Answer
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.replies import AnalysisReply, CriterionReply
from errormap_dagster.judge.llm.texts import (
    fenced,
    shortened_together,
    tokens_at_most,
    unfenced_quote,
    without_roles,
)


def analysis_prompt(plan: StagePlan, case: FailureCase, most_tokens: int) -> tuple[str, str]:
    """The two parts of the prompt for one failure, within so many tokens.

    Neither the model's name nor the dataset's stands in it: a judge should not know whom it judges.
    """
    system = plan.prompt.system({})
    texts = [case.input_text, case.output_text, case.correct_answer, *case.correct_outputs]
    empty = plan.prompt.case(_values([None if text is None else "" for text in texts]))
    room = most_tokens - tokens_at_most(system) - tokens_at_most(empty)
    # Markers are broken before the texts are measured: it makes them longer.
    given = [without_roles(text) for text in texts if text is not None]
    short = iter(shortened_together(given, room))
    values = _values([None if text is None else next(short) for text in texts])
    return system, plan.prompt.case(values)


def _values(texts: Sequence[str | None]) -> dict[str, object]:
    """What the prompt calls its texts: the task, the output, the reference, correct outputs."""
    task, output, reference, *correct = texts
    return {
        "task": fenced(task, "task"),
        "reference": fenced(reference, "reference"),
        "correct_outputs": [fenced(text, "correct output") for text in correct],
        "failed_output": fenced(output, "failed output"),
    }


def analysis_of(answer: Answer) -> Analysis:
    """The analysis that a reply holds, or why there is none."""
    call_id = answer.call.call_id
    if not isinstance(answer.reply, AnalysisReply):
        reason = f"{answer.call.status}: {answer.call.reason or 'no reply'}"
        return failed_analysis(reason, call_id)
    reply = answer.reply
    title = " ".join((reply.error_title or "").split()) or None
    criteria = tuple(_criterion(criterion) for criterion in reply.criteria)
    return Analysis(Outcome(reply.outcome), title, reply.error_summary, criteria, call_id)


def _criterion(reply: CriterionReply) -> Criterion:
    return Criterion(
        criterion=reply.criterion,
        present_in_wrong=reply.present_in_wrong,
        quality=reply.quality if reply.present_in_wrong else None,
        evidence=unfenced_quote(reply.evidence) if reply.evidence else None,
        comment=reply.comment,
    )
