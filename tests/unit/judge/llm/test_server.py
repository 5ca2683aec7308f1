"""The scripted endpoint itself: OpenAI's own client understands it, and its analyst is valid."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionMessageFunctionToolCall
from pydantic import BaseModel

from analyst import analyst
from errormap_dagster.judge.interface import Operation
from errormap_dagster.judge.llm.prompts import prompt
from errormap_dagster.judge.llm.replies import AnalysisReply, CategoryListReply, ClassificationReply
from errormap_dagster.judge.llm.texts import fenced
from faults import RESET, faulty
from responses import Request, Response, completion, cut, error, raw, reset, slow
from server import JudgeServer

FAILED = "Three apples and\nfour pears make “eight” fruits, so the answer is 8."
LIMITS = {"max_categories": 5, "max_name_words": 5, "max_description_words": 30, "parent": None}
CATEGORIES = "C4: Wrong calculation: slips\nC7: Faulty logic: leaps\nC9: Misread task: detail"
ERRORS = "[3] Misread comparison: took more for less\n[12] Unit omitted: metres: not feet"
CASES: list[tuple[Operation, dict[str, object], type[BaseModel]]] = [
    (
        Operation.ANALYSE,
        {
            "task": fenced("3 + 4?", "task"),
            "reference": "7",
            "correct_outputs": [],
            "failed_output": fenced(FAILED, "failed output"),
        },
        AnalysisReply,
    ),
    (Operation.GENERATE, {**LIMITS, "titles": "4: Misread"}, CategoryListReply),
    (
        Operation.UPDATE,
        {**LIMITS, "titles": "4: Misread", "categories": CATEGORIES},
        CategoryListReply,
    ),
    (
        Operation.CLASSIFY,
        {"none_id": "none", "categories": CATEGORIES, "errors": ERRORS},
        ClassificationReply,
    ),
]


def client(server: JudgeServer, **settings: Any) -> openai.OpenAI:
    """OpenAI's client, without retries."""
    return openai.OpenAI(base_url=server.base_url, api_key="none", max_retries=0, **settings)


def ask(server: JudgeServer, text: str = "hello", **more: Any) -> ChatCompletion:
    """The answer to one user message."""
    messages: Any = [{"role": "user", "content": text}]
    with client(server) as asker:
        return asker.chat.completions.create(model="m", messages=messages, **more)


def request_for(operation: Operation, values: dict[str, object], **more: Any) -> Request:
    """A request as the project's own prompts fill it in."""
    chosen = prompt(operation, None)
    system, case = chosen.system(values), chosen.case(values)
    messages = [{"role": "system", "content": system}, {"role": "user", "content": case}]
    return Request("/v1/chat/completions", {}, {"messages": messages, **more}, 1)


def modes(reply: type[BaseModel]) -> list[dict[str, Any]]:
    """What asks for the reply: a tool, a schema, or the prompt alone."""
    schema = reply.model_json_schema()
    tool = {"type": "function", "function": {"name": "reply", "parameters": schema}}
    form = {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}
    return [{"tools": [tool]}, {"response_format": form}, {}]


def content(response: Response, request: Request) -> str:
    """The text of a completion, or the arguments of its tool call."""
    message = json.loads(response.body(request))["choices"][0]["message"]
    calls = message.get("tool_calls")
    return calls[0]["function"]["arguments"] if calls else message["content"]


@pytest.mark.parametrize(("operation", "values", "reply"), CASES)
def test_the_analyst_keeps_the_reply_models_in_every_mode(
    operation: Operation, values: dict[str, object], reply: type[BaseModel]
) -> None:
    requests = [request_for(operation, values, **mode) for mode in modes(reply)]
    texts = {content(analyst(request), request) for request in requests}
    assert len(texts) == 1
    reply.model_validate_json(texts.pop(), strict=False)


def test_the_analyst_gives_every_outcome_and_quotes_letter_by_letter() -> None:
    outcomes = set[str]()
    for n in range(200):
        values = {**CASES[0][1], "task": f"task {n}"}
        request = request_for(Operation.ANALYSE, values)
        read = AnalysisReply.model_validate_json(content(analyst(request), request))
        outcomes.add(read.outcome)
        assert all(c.evidence is None or c.evidence in FAILED for c in read.criteria)
        assert any(c.evidence for c in read.criteria)
    assert outcomes == {"error_found", "no_error_found", "wholly_incorrect"}


def test_the_analyst_classifies_every_error_into_a_given_category() -> None:
    operation, values, _ = CASES[-1]
    request = request_for(operation, values)
    read = ClassificationReply.model_validate_json(content(analyst(request), request))
    assert [c.error_number for c in read.classifications] == [3, 12]
    for c in read.classifications:
        assert {c.category_id, c.runner_up_category_id} < {"C4", "C7", "C9"}
        assert c.category_id != c.runner_up_category_id


def test_the_analyst_builds_on_the_categories_that_were_given() -> None:
    def built_on(case: int) -> list[list[str]]:
        operation, values, _ = CASES[case]
        request = request_for(operation, values)
        read = CategoryListReply.model_validate_json(content(analyst(request), request))
        assert 4 <= len(read.categories) <= 5
        return [category.builds_on for category in read.categories]

    assert not any(built_on(1))
    assert built_on(2)[:4] == [["C4"], ["C7"], ["C9"], []]


def test_a_completion_reaches_the_client_with_its_usage() -> None:
    answer = completion("hi", "length", prompt_tokens=9, completion_tokens=2, cached_tokens=5)
    with JudgeServer(lambda _: answer) as server:
        got = ask(server)
        assert got.choices[0].message.content == "hi"
        assert got.choices[0].finish_reason == "length"
        assert got.usage is not None
        assert (got.usage.prompt_tokens, got.usage.completion_tokens) == (9, 2)
        assert got.usage.prompt_tokens_details is not None
        assert got.usage.prompt_tokens_details.cached_tokens == 5
        assert [request.user for request in server.requests] == ["hello"]
        assert server.requests[0].n == server.n_requests == 1
        with client(server) as asker:
            assert [model.id for model in asker.models.list()] == ["judge-model"]


def test_a_tool_is_called_with_the_text_and_a_refusal_calls_none() -> None:
    answers = [completion('{"a": 1}'), completion("", refusal="I will not")]
    tools = [{"type": "function", "function": {"name": "reply", "parameters": {}}}]
    with JudgeServer(lambda request: answers[request.n - 1]) as server:
        calls = ask(server, tools=tools).choices[0].message.tool_calls
        assert calls
        call = calls[0]
        assert isinstance(call, ChatCompletionMessageFunctionToolCall)
        assert (call.function.name, call.function.arguments) == ("reply", '{"a": 1}')
        refused = ask(server, tools=tools).choices[0].message
        assert (refused.refusal, refused.tool_calls) == ("I will not", None)


def broken_script(_: Request) -> Response:
    """A script with a mistake of its own."""
    raise KeyError("mistake")


@pytest.mark.parametrize(
    ("script", "failure"),
    [
        (lambda _: error(429, "slow down", "rate_limit_exceeded", 2), openai.RateLimitError),
        (lambda _: error(400, "no such field"), openai.BadRequestError),
        (lambda _: raw(502, "text/html", b"<html>"), openai.InternalServerError),
        (lambda _: cut('{"id": '), openai.APIConnectionError),
        (lambda _: reset(), openai.APIConnectionError),
        (broken_script, openai.InternalServerError),
    ],
)
def test_a_fault_reaches_the_client_and_the_server_goes_on(
    script: Callable[[Request], Response], failure: type[Exception]
) -> None:
    with JudgeServer(lambda r: script(r) if r.n == 1 else completion("fine")) as server:
        with pytest.raises(failure) as caught:
            ask(server)
        if isinstance(caught.value, openai.RateLimitError):
            assert caught.value.response.headers["retry-after"] == "2"
            assert caught.value.code == "rate_limit_exceeded"
        assert ask(server).choices[0].message.content == "fine"


def test_a_slow_answer_holds_up_nobody_else() -> None:
    async def script(request: Request) -> Response:
        await asyncio.sleep(0)
        return slow(5, completion("late")) if request.n == 1 else completion("soon")

    with JudgeServer(script) as server:
        with client(server, timeout=0.2) as asker, pytest.raises(openai.APITimeoutError):
            asker.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
        begin = time.monotonic()
        assert ask(server).choices[0].message.content == "soon"
        assert server.most_at_once == 2
    assert time.monotonic() - begin < 3


def test_faults_follow_the_seed_and_spare_the_retry() -> None:
    def run(seed: int) -> tuple[list[bool], int]:
        script = faulty({429: 0.1, 500: 0.1, RESET: 0.05}, 0.1, analyst, seed)
        hit = list[bool]()
        for n in range(400):
            values = {**CASES[0][1], "task": f"task {n}"}
            request = request_for(Operation.ANALYSE, values)
            clean = analyst(request).wire(request)
            first = asyncio.run(script(request))
            hit.append(first.ending == "reset" or first.wire(request) != clean)
            if hit[-1]:
                assert asyncio.run(script(request)).wire(request) == clean
        return hit, script.n_injected

    hit, n_injected = run(1)
    assert sum(hit) == n_injected
    assert 100 <= n_injected <= 180
    assert run(1) == (hit, n_injected)
    assert run(2)[0] != hit


def test_it_serves_as_a_process_of_its_own() -> None:
    program = Path(__file__).resolve().parents[3] / "judge_server" / "server.py"
    command = [sys.executable, str(program), "--port", "0", "--fault", "503=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            assert process.stdout is not None
            url = f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
            with openai.OpenAI(base_url=url, api_key="none", max_retries=0) as asker:
                assert asker.models.list().data
                with pytest.raises(openai.InternalServerError):
                    asker.chat.completions.create(
                        model="m", messages=[{"role": "user", "content": "x"}]
                    )
        finally:
            process.terminate()
        assert process.wait(10) == 0
