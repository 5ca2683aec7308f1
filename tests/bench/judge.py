"""Times the client of the judge beside plain openai and plain instructor: ``make bench``.

All ask one endpoint on this machine the same questions, 100 in flight, turn by turn. Seconds mean
little on another machine, so figures also stand as ratios to plain openai in the same turn; their
spread is the noise of the machine.
"""

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import instructor
import openai

sys.path.insert(0, str(Path(__file__).parents[1] / "judge_server"))

from asking import cases, settings_for
from errormap_dagster.judge.interface import Operation
from errormap_dagster.judge.llm.client import JudgeClient
from errormap_dagster.judge.llm.plan import StagePlan, plan_of
from errormap_dagster.judge.llm.reading import analysis_prompt
from errormap_dagster.judge.llm.record import Call, CallRecord, Spent
from errormap_dagster.judge.llm.replies import AnalysisReply

IN_FLIGHT = 100
N_TURNS = 3
N_CALLS = {0.05: 2_000, 1.0: 1_000}
"""Latency of the endpoint in seconds, and calls of a turn."""
ENDPOINT = Path(__file__).with_name("endpoint.py")
Ask = Callable[[str, str], Awaitable[object]]


class Bench(NamedTuple):
    """What all contenders ask, and where."""

    url: str
    plan: StagePlan
    prompts: Sequence[tuple[str, str]]

    def body(self, system: str, case: str) -> dict[str, Any]:
        """What is sent besides the form of the reply."""
        messages = [{"role": "system", "content": system}, {"role": "user", "content": case}]
        return {"model": self.plan.endpoint_model, "messages": messages, **self.plan.parameters}


class Turn(NamedTuple):
    """One turn of one contender."""

    calls_per_second: float
    cpu_seconds: float
    """Of a call, by this process."""
    most_at_once: int


class NoRecord:
    """Stands in the place of the record, and holds nothing."""

    async def find(self, _: str) -> Call | None:
        """Nothing."""
        return None

    async def save(self, call: Call, _: Spent | None = None) -> Call:
        """The call, forgotten at once."""
        return call

    async def close(self) -> None:
        """Nothing."""


@contextmanager
def endpoint(latency: float) -> Generator[str]:
    """The URL of an endpoint in a process of its own."""
    command = [sys.executable, str(ENDPOINT), str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.terminate()


def counts(url: str) -> dict[str, int]:
    """What the endpoint has counted since it was last asked."""
    with urllib.request.urlopen(f"{url}/counts") as told:  # noqa: S310 - our own endpoint
        return json.loads(told.read())


async def asked(bench: Bench, ask: Ask, n_askers: int) -> None:
    """All prompts, by so many askers side by side."""
    prompts: Iterator[tuple[str, str]] = iter(bench.prompts)

    async def asker() -> None:
        for system, case in prompts:
            await ask(system, case)

    await asyncio.gather(*(asker() for _ in range(n_askers)))


async def plain_openai(bench: Bench) -> None:
    """The client as its documentation shows it, and pydantic for the reply."""
    client = openai.AsyncOpenAI(api_key="none", base_url=bench.url, max_retries=0)
    schema = {"name": "AnalysisReply", "strict": True, "schema": bench.plan.reply_schema}
    form: Any = {"type": "json_schema", "json_schema": schema}

    async def ask(system: str, case: str) -> None:
        body = bench.body(system, case)
        answer = await client.chat.completions.create(**body, response_format=form)
        AnalysisReply.model_validate_json(answer.choices[0].message.content or "")

    await asked(bench, ask, IN_FLIGHT)
    await client.close()


async def plain_instructor(bench: Bench) -> None:
    """instructor as its documentation shows it."""
    plain = openai.AsyncOpenAI(api_key="none", base_url=bench.url, max_retries=0)
    client = instructor.from_openai(plain, mode=instructor.Mode.JSON_SCHEMA)

    async def ask(system: str, case: str) -> None:
        body = bench.body(system, case)
        await client.chat.completions.create(response_model=AnalysisReply, **body)

    await asked(bench, ask, IN_FLIGHT)
    await plain.close()


async def our_client(bench: Bench, *, has_record: bool = True) -> None:
    """The client of the judge; more ask than may be in flight, as in a run."""
    settings = settings_for(bench.url, {"concurrency": IN_FLIGHT, "timeout_seconds": 60})
    with tempfile.TemporaryDirectory() as folder:
        record = CallRecord.open(f"sqlite:///{folder}/calls.sqlite")
        client = JudgeClient(settings, record, "bench")
        if not has_record:
            client._recorder = NoRecord()  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]

        async def ask(system: str, case: str) -> None:
            answer = await client.ask(bench.plan, system, case)
            assert answer.reply is not None, answer.call.reason

        await asked(bench, ask, 2 * IN_FLIGHT)
        await client.close()
        record.close()


async def our_client_without_record(bench: Bench) -> None:
    """The client of the judge with nothing to find and nothing to save."""
    await our_client(bench, has_record=False)


CONTENDERS = (plain_openai, plain_instructor, our_client, our_client_without_record)


def timed(contender: Callable[[Bench], Any], bench: Bench) -> Turn:
    """One turn."""
    gc.collect()
    counts(bench.url)
    started, used = time.perf_counter(), time.process_time()
    asyncio.run(contender(bench))
    used, lasted = time.process_time() - used, time.perf_counter() - started
    n_calls = len(bench.prompts)
    return Turn(n_calls / lasted, used / n_calls, counts(bench.url)["most_at_once"])


def spread(values: Sequence[float], form: str) -> str:
    """The median, and the smallest and the largest."""
    middle = statistics.median(values)
    return f"{middle:{form}} ({min(values):{form}} to {max(values):{form}})"


def report(latency: float, turns: dict[str, list[Turn]]) -> None:
    """Print what the turns have shown."""
    limit = IN_FLIGHT / latency
    base = [turn.cpu_seconds for turn in turns[plain_openai.__name__]]
    print(f"latency {latency:g} s, {IN_FLIGHT} in flight: at most {limit:g} calls/s;", end=" ")  # noqa: T201 - a report
    print(f"{N_CALLS[latency]} calls a turn, medians of {N_TURNS} turns (least to most)")  # noqa: T201 - a report
    for name, done in turns.items():
        rates = [turn.calls_per_second for turn in done]
        cpu = [1000 * turn.cpu_seconds for turn in done]
        ratios = [turn.cpu_seconds / own for turn, own in zip(done, base, strict=True)]
        most = max(turn.most_at_once for turn in done)
        print(  # noqa: T201 - a report
            f"  {name:26} {spread(rates, '.0f'):20} calls/s = {max(rates) / limit:4.0%} of the "
            f"limit at best, {most} at once; CPU {spread(cpu, '.2f')} ms a call = "
            f"{spread(ratios, '.2f')} x plain openai"
        )


def main(n_turns: int) -> None:
    """Let the contenders take turns at either latency, and print how they did."""
    for latency, n_calls in N_CALLS.items():
        with endpoint(latency) as url:
            plan = plan_of(settings_for(url), Operation.ANALYSE)
            prompts = [analysis_prompt(plan, case, 12_000) for case in cases(n_calls)]
            bench = Bench(url, plan, prompts)
            turns: dict[str, list[Turn]] = {contender.__name__: [] for contender in CONTENDERS}
            for turn in range(n_turns):
                shift = turn % len(CONTENDERS)
                for contender in CONTENDERS[shift:] + CONTENDERS[:shift]:
                    turns[contender.__name__].append(timed(contender, bench))
            report(latency, turns)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else N_TURNS)
