"""Finds where an agent's calls of its tools depart from the calls that the task needed.

Reads transcripts in which an assistant calls tools, against a reference that lists the expected
actions. Only calls that change something count: a look-up more or less is no error.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

from errormap_dagster.domain.records import Criterion, FailureCase, Outcome
from errormap_dagster.judge.embedded.findings import Finding, met, missing, quote_line, unmet

NOT_TAKEN: Final = "Required action not taken"
WRONG_ARGUMENTS: Final = "Wrong action arguments"
UNREQUESTED: Final = "Unrequested action taken"
HANDED_OVER: Final = "Hands over instead of solving"
NOT_TOLD: Final = "Required information not told"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        NOT_TAKEN: "atlas.missing_required_element",
        WRONG_ARGUMENTS: "atlas.incorrect_identification",
        UNREQUESTED: "atlas.specification_misinterpretation",
        HANDED_OVER: "atlas.incomplete_reasoning",
        NOT_TOLD: "atlas.missing_required_element",
    }
)

_MAX_READ: Final = 200_000
_SHOWN: Final = 80
_CALL: Final = re.compile(r"^assistant -> tool call (\w+)\(", re.MULTILINE)
_RESULT: Final = re.compile(r"\s*\[tool result: \w+\] ?([^\n]{0,40})")
_READS: Final = re.compile(r"^(?:get|search|list|find|calculate|think|check|view|lookup)(?:_|$)")
_HANDOVER: Final = re.compile(r"^transfer")
_SPOKEN: Final = re.compile(r"^assistant: ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Call:
    """A call of a tool; ``position`` is its offset in the output, 0 for an expected one."""

    name: str
    arguments: Mapping[str, object]
    position: int
    failed: bool

    @property
    def changes(self) -> bool:
        return not _READS.match(self.name) and not _HANDOVER.match(self.name)


@dataclass(frozen=True, slots=True)
class _Expected:
    """What the reference asks for: actions in order, and texts to be told to the user."""

    actions: tuple[_Call, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Match:
    """Which made call stands for which expected one, and what is left over."""

    kept: tuple[tuple[_Call, _Call], ...]
    altered: tuple[tuple[_Call, _Call], ...]
    lacking: tuple[_Call, ...]
    surplus: tuple[_Call, ...]


def find_agent_error(case: FailureCase) -> Finding | None:
    """Compare the actions of a transcript with the expected ones."""
    expected = _expected(case.correct_answer)
    output = case.output_text
    if expected is None or not output or not _SPOKEN.search(output, 0, _MAX_READ):
        return None
    calls = _calls(output)
    if calls is None:
        return None
    made = [call for call in calls if call.changes and not call.failed]
    handover = next((call for call in calls if _HANDOVER.match(call.name)), None)
    matched = _match(made, [call for call in expected.actions if call.changes])
    criteria = _criteria(output, matched)
    finding = _action_finding(output, expected, matched, handover, criteria)
    return finding or _told_finding(output, expected, criteria)


def _expected(reference: str | None) -> _Expected | None:
    if reference is None or '"actions"' not in reference:
        return None
    try:
        content = json.loads(reference)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not isinstance(content.get("actions"), list):
        return None
    actions = [item for item in content["actions"] if isinstance(item, dict)]
    outputs = content.get("outputs")
    texts = [str(item) for item in outputs] if isinstance(outputs, list) else []
    return _Expected(tuple(_expected_call(item) for item in actions), tuple(texts))


def _expected_call(item: Mapping[str, object]) -> _Call:
    arguments = item.get("kwargs", item.get("arguments"))
    known = cast("dict[str, object]", arguments) if isinstance(arguments, dict) else {}
    return _Call(str(item.get("name", "")), known, 0, failed=False)


def _calls(output: str) -> list[_Call] | None:
    """Return all calls of the transcript, None if one of them cannot be read."""
    decoder = json.JSONDecoder()
    calls: list[_Call] = []
    for match in _CALL.finditer(output, 0, _MAX_READ):
        try:
            arguments, end = decoder.raw_decode(output, match.end())
        except (ValueError, RecursionError):
            return None
        if not isinstance(arguments, dict):
            return None
        result = _RESULT.match(output, end + 1)
        failed = result is not None and result.group(1).lstrip().startswith("Error")
        known = cast("dict[str, object]", arguments)
        calls.append(_Call(match.group(1), known, match.start(), failed))
    return calls


def _match(made: Sequence[_Call], expected: Sequence[_Call]) -> _Match:
    left, kept, altered, lacking = list(made), [], [], []
    for wanted in expected:
        same = next((call for call in left if not _differing(call, wanted)), None)
        if same is None:
            lacking.append(wanted)
        else:
            left.remove(same)
            kept.append((same, wanted))
    for wanted in tuple(lacking):
        near = [call for call in left if call.name == wanted.name and _same_object(call, wanted)]
        if near:
            best = min(near, key=lambda call: (len(_differing(call, wanted)), call.position))
            left.remove(best)
            lacking.remove(wanted)
            altered.append((best, wanted))
    return _Match(tuple(kept), tuple(altered), tuple(lacking), tuple(left))


def _differing(call: _Call, wanted: _Call) -> list[str]:
    """Return the names of the arguments that differ, in the order of the alphabet."""
    if call.name != wanted.name:
        return ["name"]
    names = sorted(wanted.arguments)
    return [n for n in names if not _covers(call.arguments.get(n), wanted.arguments[n])]


def _covers(given: object, wanted: object) -> bool:
    """Whether a value has all that is wanted; what it has beyond that does not count."""
    if isinstance(given, dict) and isinstance(wanted, dict):
        return all(_covers(given.get(key), value) for key, value in wanted.items())
    if isinstance(given, list) and isinstance(wanted, list):
        pairs = zip(given, wanted, strict=False)
        return len(given) == len(wanted) and all(_covers(one, two) for one, two in pairs)
    return given == wanted


def _same_object(call: _Call, wanted: _Call) -> bool:
    """Whether both act on the same thing: what is named by an id is the same."""
    names = [name for name in wanted.arguments if name in {"reservation_id", "order_id"}]
    return all(call.arguments.get(name) == wanted.arguments[name] for name in names)


def _criteria(output: str, matched: _Match) -> tuple[Criterion, ...]:
    criteria = [
        met(_asked(wanted), quote_line(output, call.position), "The call is made as needed.")
        for call, wanted in matched.kept
    ]
    for call, wanted in matched.altered:
        comment = f"Other arguments: {', '.join(_differing(call, wanted))}."
        criteria.append(unmet(_asked(wanted), quote_line(output, call.position), comment))
    criteria += [missing(_asked(wanted), "The call is never made.") for wanted in matched.lacking]
    criteria += [
        unmet("Nothing else is changed.", quote_line(output, call.position), f"Calls {call.name}.")
        for call in matched.surplus
    ]
    return tuple(criteria)


def _asked(wanted: _Call) -> str:
    return f"The agent calls {wanted.name} with {_shown(dict(wanted.arguments))}."


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _action_finding(
    output: str,
    expected: _Expected,
    matched: _Match,
    handover: _Call | None,
    criteria: tuple[Criterion, ...],
) -> Finding | None:
    hands_over = any(_HANDOVER.match(call.name) for call in expected.actions)
    if matched.altered:
        call, wanted = min(matched.altered, key=lambda pair: pair[0].position)
        return _altered_finding(call, wanted, criteria)
    if matched.lacking and handover is not None and not hands_over:
        names = _named(matched.lacking)
        shown = quote_line(output, handover.position)
        criteria = (*criteria, unmet("The agent acts itself.", shown, "It hands over."))
        summary = f"The agent calls {handover.name} and never makes the needed call of {names}."
        return _finding(HANDED_OVER, summary, criteria, handover.position)
    if matched.surplus:
        call = matched.surplus[0]
        summary = (
            f"The agent calls {call.name} with {_shown(dict(call.arguments))}, "
            "which the task did not need."
        )
        return _finding(UNREQUESTED, summary, criteria, call.position)
    if matched.lacking:
        names = _named(matched.lacking)
        spoken = [match.start() for match in _SPOKEN.finditer(output)]
        shown = quote_line(output, spoken[-1])
        comment = "Its last words; the task is not done."
        criteria = (*criteria, unmet("The agent ends with the task done.", shown, comment))
        summary = f"The agent never makes the needed call of {names}."
        return _finding(NOT_TAKEN, summary, criteria, 0)
    return None


def _named(calls: Sequence[_Call]) -> str:
    """Name calls with the first id among their arguments, by which a reader can find them."""
    texts: list[str] = []
    for call in calls:
        ids = [str(value) for name, value in call.arguments.items() if name.endswith("_id")]
        texts.append(f"{call.name} for {ids[0]}" if ids else call.name)
    return ", ".join(texts)


def _altered_finding(call: _Call, wanted: _Call, criteria: tuple[Criterion, ...]) -> Finding:
    name, *others = _differing(call, wanted)
    place, has, needs = _inmost(name, call.arguments.get(name), wanted.arguments[name])
    summary = f"The agent calls {call.name} with {place} = {_shown(has)}, not {_shown(needs)}"
    summary += f"; {', '.join(others)} differ too." if others else "."
    return _finding(WRONG_ARGUMENTS, summary, criteria, call.position)


def _inmost(name: str, given: object, wanted: object) -> tuple[str, object, object]:
    """Follow two differing values inwards to the first part that differs."""
    if isinstance(given, dict) and isinstance(wanted, dict):
        key = next(key for key in sorted(wanted) if not _covers(given.get(key), wanted[key]))
        return _inmost(f"{name}.{key}", given.get(key), wanted[key])
    if isinstance(given, list) and isinstance(wanted, list) and len(given) == len(wanted):
        pairs = list(zip(given, wanted, strict=True))
        at = next(at for at, (one, two) in enumerate(pairs) if not _covers(one, two))
        return _inmost(f"{name}[{at}]", *pairs[at])
    return name, given, wanted


def _told_finding(
    output: str, expected: _Expected, criteria: tuple[Criterion, ...]
) -> Finding | None:
    spoken = output.lower().replace(",", "")
    lacking = [text for text in expected.outputs if text.lower().replace(",", "") not in spoken]
    if not lacking:
        return None
    summary = f"The agent never tells the user {lacking[0]!r}, which the task needed."
    failed = missing(f"The agent tells the user {lacking[0]!r}.", "It stands nowhere.")
    return _finding(NOT_TOLD, summary, (*criteria, failed), 0)


def _finding(title: str, summary: str, criteria: tuple[Criterion, ...], position: int) -> Finding:
    return Finding(Outcome.ERROR_FOUND, title, summary, criteria, position, 0.85)
