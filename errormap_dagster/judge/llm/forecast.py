"""Counting the calls that a run would make, by asking every question and calling nobody.

A question that the record answers gets that answer; any other is counted, and gets a reply that
stands in for the one to come, so that the questions that follow from it can be asked too.
"""

import json
from dataclasses import dataclass, field

from errormap_dagster.judge.interface import Effort, Operation
from errormap_dagster.judge.llm.client import Answer
from errormap_dagster.judge.llm.endpoint import prepared
from errormap_dagster.judge.llm.expectations import Expectations, units_of
from errormap_dagster.judge.llm.plan import StagePlan
from errormap_dagster.judge.llm.record import Call, CallRecord
from errormap_dagster.judge.llm.recorded import recorded_answer, unanswered
from errormap_dagster.judge.llm.stand_in import stand_in
from errormap_dagster.judge.llm.token_count import tokens_about

EXPECTED = "expected"
"""Status of the call of a reply that stands in."""
_KEY_DIGITS = 15


@dataclass
class Tally:
    """What was counted of one stage; tokens before any correction by the record.

    Attributes:
        n_calls: to be made.
        n_recorded: answered by the record.
        prompt_tokens: about how many the prompts to be sent have.
        n_units: analyses, categories or classified errors in the replies to come.
        known_tokens: tokens that the record holds of prompts that were rendered here.
        known_tokens_about: how many were counted in those.
    """

    n_calls: int = 0
    n_recorded: int = 0
    prompt_tokens: int = 0
    n_units: int = 0
    known_tokens: int = 0
    known_tokens_about: int = 0


@dataclass
class Forecast:
    """Asks as the client of an endpoint does, and only counts."""

    record: CallRecord
    expected: Expectations
    effort: Effort = field(default_factory=Effort)
    tallies: dict[Operation, Tally] = field(
        default_factory=lambda: {stage: Tally() for stage in Operation}
    )
    _seen: set[int] = field(default_factory=set[int])
    _constant: dict[tuple[Operation, str], int] = field(
        default_factory=dict[tuple[Operation, str], int]
    )

    async def ask(self, plan: StagePlan, system: str, case: str) -> Answer:
        """The recorded answer to a question, else one that stands in for it."""
        call_id = plan.call_id(system, case)
        tally = self.tallies[plan.stage]
        # Part of the id is enough to tell a question that was counted, and takes little memory.
        key = int(call_id[:_KEY_DIGITS], 16)
        is_new = key not in self._seen
        self._seen.add(key)
        call = self.record.find(call_id)
        if call is not None and (answer := recorded_answer(plan, call)) and answer.reply:
            if is_new:
                self._note(tally, call, self.tokens(plan, system, case))
            return answer
        reply = stand_in(plan, call_id, (system, case), self.expected.replies)
        if is_new:
            tally.n_calls += 1
            tally.prompt_tokens += self.tokens(plan, system, case)
            tally.n_units += units_of(reply)
        return Answer(reply, unanswered(plan, call_id, EXPECTED))

    def learn(self, plan: StagePlan, system: str, case: str) -> None:
        """Compare the count of a prompt with the record's, if the record holds its call."""
        call = self.record.find(plan.call_id(system, case))
        if call is not None:
            tally = self.tallies[plan.stage]
            self._note(tally, call, self.tokens(plan, system, case))
            tally.n_recorded -= 1

    def tokens(self, plan: StagePlan, system: str, case: str) -> int:
        """About how many tokens a prompt has, with the form of the reply that it asks for."""
        key = (plan.stage, system)
        if key not in self._constant:
            request = prepared(plan, system)
            sent = [str(message["content"]) for message in request["messages"]]
            form = {name: request[name] for name in ("tools", "response_format") if name in request}
            self._constant[key] = sum(map(tokens_about, [*sent, json.dumps(form)]))
        return self._constant[key] + tokens_about(case)

    def _note(self, tally: Tally, call: Call, tokens: int) -> None:
        tally.n_recorded += 1
        if call.prompt_tokens:
            tally.known_tokens += call.prompt_tokens
            tally.known_tokens_about += tokens

    def correction(self, stage: Operation) -> float:
        """Recorded tokens for each one that is counted here; of all stages where one has none."""
        own = self.tallies[stage]
        if own.known_tokens_about:
            return own.known_tokens / own.known_tokens_about
        counted = sum(tally.known_tokens_about for tally in self.tallies.values())
        known = sum(tally.known_tokens for tally in self.tallies.values())
        return known / counted if counted else 1.0
