"""Chat messages as text: prompts, answers and the transcripts of agents.

Transcripts have one form whatever the harness: ``role: text``, ``role -> tool call name(json)``
and ``[tool result: name] text``.
"""

import json
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_TEXT_KEYS = ("text", "content", "refusal")


def content_text(content: object) -> str | None:
    """The text of a message's content: a text, or a list of parts; media are named only."""
    if content is None or isinstance(content, str):
        return content
    if not isinstance(content, list):
        return json.dumps(content, ensure_ascii=False, default=str)
    return "\n".join(text for part in content if (text := _part(part)))


def _part(part: object) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        return str(part)
    if part.get("type") == "reasoning":
        return with_reasoning(part.get("reasoning"), "")
    for key in _TEXT_KEYS:
        if isinstance(part.get(key), str):
            return part[key]
    return f"[{part.get('type', 'part')}]"


def with_reasoning(reasoning: object, text: str | None) -> str:
    """The text after the thoughts that came before it, if any."""
    thought = content_text(reasoning)
    return f"<think>\n{thought}\n</think>\n{text or ''}" if thought else text or ""


def prompt_text(prompt: object) -> str | None:
    """What a model was given: a text, or messages; a single user's message is its text."""
    if prompt is None or isinstance(prompt, str):
        return prompt
    if not isinstance(prompt, list):
        return json.dumps(prompt, ensure_ascii=False, default=str)
    if all(isinstance(message, str) for message in prompt):
        return "\n".join(prompt)
    messages = [m for m in prompt if isinstance(m, Mapping)]
    if len(messages) == 1 and messages[0].get("role") in {"user", None}:
        return content_text(messages[0].get("content"))
    return transcript(messages)


def transcript(messages: Iterable[Mapping[str, Any]]) -> str:
    """Messages, tool calls and their results, one after the other."""
    return "\n\n".join(line for message in messages for line in _told(message))


def _told(message: Mapping[str, Any]) -> Iterator[str]:
    role = str(message.get("role", "user"))
    text = with_reasoning(message.get("reasoning_trace"), content_text(message.get("content")))
    if role == "tool":
        name = message.get("function") or message.get("name") or "tool"
        failed = message.get("error")
        yield f"[tool result: {name}] {content_text(failed) if failed and not text else text}"
        return
    if text:
        yield f"{role}: {text}"
    for call in message.get("tool_calls") or ():
        yield f"{role} -> tool call {_call(call)}"


def _call(call: Any) -> str:
    if not isinstance(call, Mapping):
        return str(call)
    inner = call.get("function")
    named = inner if isinstance(inner, Mapping) else call
    name = inner if isinstance(inner, str) else named.get("name")
    arguments = named.get("arguments")
    told = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return f"{name}({told})"


def is_agentic(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a conversation holds more than one answer of the model, or a tool's."""
    n_answers = sum(message.get("role") == "assistant" for message in messages)
    return n_answers > 1 or any(message.get("role") == "tool" for message in messages)


def after_prompt(messages: Sequence[Mapping[str, Any]]) -> str:
    """The conversation from the model's first word on."""
    first = next((i for i, m in enumerate(messages) if m.get("role") == "assistant"), 0)
    return transcript(messages[first:])


def with_options(question: str | None, choices: Sequence[str]) -> str | None:
    """The question and its lettered options below it."""
    if not choices or question is None:
        return question
    options = [f"{letter_of(n)}. {choice}" for n, choice in enumerate(choices)]
    return "\n".join([question, "Options:", *options])


def letter_of(n: int) -> str:
    """The letter of an option, from A; beyond Z its number."""
    return string.ascii_uppercase[n] if n < len(string.ascii_uppercase) else str(n + 1)


def joined_references(references: Sequence[object]) -> str | None:
    """One reference as it is, several as a JSON list, none as null."""
    if len(references) <= 1:
        only = references[0] if references else None
        return only if only is None or isinstance(only, str) else json.dumps(only)
    return json.dumps(list(references), ensure_ascii=False, default=str)
