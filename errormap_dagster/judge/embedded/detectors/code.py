"""Finds what is wrong with Python code that a prompt asked for: it does not parse, or lacks parts.

Code is parsed and compared, never run. What the prompt asks for is read from its own stubs.
"""

import ast
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.judge.embedded.code_reading import (
    MAX_CODE,
    Code,
    Task,
    offset_of_line,
    parse,
    read_code,
    read_task,
)
from errormap_dagster.judge.embedded.detectors.code_parts import LOOKS, Submission
from errormap_dagster.judge.embedded.detectors.code_parts import TITLES as PARTS_TITLES
from errormap_dagster.judge.embedded.detectors.code_structure import (
    TITLES as STRUCTURE_TITLES,
)
from errormap_dagster.judge.embedded.detectors.code_structure import (
    find_differing_place,
    find_wrong_method,
    find_wrong_result_type,
)
from errormap_dagster.judge.embedded.findings import Finding, quote_line, unmet

INVALID: Final = "Code does not parse"
CUT_OFF: Final = "Code cut off"
NO_CODE: Final = "No code given"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        INVALID: "atlas.invalid_code",
        CUT_OFF: "atlas.incomplete_content",
        NO_CODE: "atlas.no_answer_given",
        **PARTS_TITLES,
        **STRUCTURE_TITLES,
    }
)

_ENDS: Final = ("never closed", "unterminated", "unexpected EOF", "expected", "invalid syntax")
_LAST_LINES: Final = 12
_DEFINES: Final = re.compile(r"\b(?:def|class) \w+ ?[(:]|\breturn \w|\blambda\b")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def find_code_error(case: FailureCase) -> Finding | None:
    """Read the code of an output; report the first thing that shows it to be wrong."""
    if not case.output_text or not case.output_text.strip():
        return None
    task = read_task(case.input_text)
    code = read_code(case.output_text, task) if task else None
    if task is None:
        return None
    if code is None:
        return _no_code_finding(case.output_text, task)
    if code.tree is None:
        return _syntax_finding(case.output_text, code)
    submission = Submission(case.output_text, task, code, code.tree, _reference(case, task))
    for look in LOOKS:
        finding = look(submission)
        if finding is not None:
            return finding
    others = [read_code(output, task) for output in case.correct_outputs]
    trees = [other.tree for other in others if other is not None and other.tree is not None]
    if submission.reference is not None:
        trees.append(submission.reference)
    return (
        find_differing_place(case.output_text, code, trees)
        or find_wrong_method(case.output_text, code, task, trees)
        or find_wrong_result_type(case.output_text, code, task)
    )


def _reference(case: FailureCase, task: Task) -> ast.Module | None:
    if case.correct_answer is None:
        return None
    code = read_code(case.correct_answer, task)
    return code.tree if code else None


def _no_code_finding(output: str, task: Task) -> Finding | None:
    if len(output) > MAX_CODE or not task.classes or _DEFINES.search(output):
        return None
    names = ", ".join(task.classes)
    start = len(output) - len(output.lstrip())
    summary = f"The prompt asks for the class {names}; the output defines no class and no function."
    failed = unmet("The output holds the code.", quote_line(output, start), "It holds none.")
    return Finding(Outcome.ERROR_FOUND, NO_CODE, summary, (failed,), 0, 0.9)


def _syntax_finding(output: str, code: Code) -> Finding | None:
    if code.error is None or code.error.lineno is None or "too many" in code.error.msg:
        return None
    line = code.error.lineno
    position = min(offset_of_line(code, line), max(0, len(output) - 1))
    evidence = quote_line(output, position)
    shown = output.count("\n", 0, position) + 1
    message = code.error.msg
    if _is_cut_off(code, code.error):
        summary = f"The code stops before its end, in line {shown}: {message}."
        title, name = CUT_OFF, "The code is complete."
    else:
        summary = f"The code does not parse: {message} in line {shown}, {evidence[:80]!r}."
        title, name = INVALID, "The code is valid Python."
    criteria = (unmet(name, evidence, f"Line {shown}: {message}."),)
    return Finding(Outcome.ERROR_FOUND, title, summary, criteria, position, 0.9)


def _is_cut_off(code: Code, error: SyntaxError) -> bool:
    """Whether only the end is lacking: the error is one of the end, all before it parses."""
    if code.is_closed or not any(part in error.msg for part in _ENDS):
        return False
    lines = code.text.rstrip().split("\n")
    is_last = (error.lineno or 0) >= len(lines)
    if "triple-quoted" in error.msg or ("unterminated" in error.msg and is_last):
        return True
    if not is_last and "never closed" not in error.msg:
        return False
    return any(
        isinstance(parse("\n".join(lines[:end]) + tail), ast.Module)
        for end in range(len(lines) - 1, max(0, len(lines) - _LAST_LINES), -1)
        for tail in ("", "\n" + " " * (_indent(lines[end - 1]) + 4) + "pass")
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
