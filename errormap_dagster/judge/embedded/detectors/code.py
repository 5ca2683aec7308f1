"""Finds what is wrong with Python code that a prompt asked for: it does not parse, or lacks parts.

Code is parsed and compared, never run. What the prompt asks for is read from its own stubs.
"""

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import Criterion, FailureCase, Outcome
from errormap_dagster.judge.embedded.code_names import Use, undefined_attribute, undefined_name
from errormap_dagster.judge.embedded.code_reading import (
    Code,
    Task,
    body_of,
    is_empty,
    methods,
    offset_of_line,
    parse,
    read_code,
    read_task,
    type_of_function,
)
from errormap_dagster.judge.embedded.detectors.code_structure import (
    TITLES as STRUCTURE_TITLES,
)
from errormap_dagster.judge.embedded.detectors.code_structure import (
    find_differing_place,
    find_wrong_result_type,
)
from errormap_dagster.judge.embedded.findings import Finding, met, missing, quote_line, unmet

INVALID: Final = "Code does not parse"
CUT_OFF: Final = "Code cut off"
FUNCTION_MISSING: Final = "Required function missing"
UNIMPLEMENTED: Final = "Function left unimplemented"
NO_RETURN: Final = "Return value missing"
UNDEFINED: Final = "Undefined name used"
WRONG_SIGNATURE: Final = "Wrong function signature"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        INVALID: "atlas.invalid_code",
        CUT_OFF: "atlas.incomplete_content",
        FUNCTION_MISSING: "atlas.missing_required_element",
        UNIMPLEMENTED: "atlas.incomplete_content",
        NO_RETURN: "atlas.missing_required_element",
        UNDEFINED: "atlas.invalid_code",
        WRONG_SIGNATURE: "atlas.specification_misinterpretation",
        **STRUCTURE_TITLES,
    }
)

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class _Submission:
    """Code that parses, beside what was asked for."""

    output: str
    task: Task
    code: Code
    tree: ast.Module
    reference: ast.Module | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A function that the prompt leaves open, and how the output defines it, if it does."""

    owner: str
    name: str
    stub: _Function
    written: tuple[_Function, ...]
    reference: _Function | None

    @property
    def title(self) -> str:
        return f"{self.owner}.{self.name}" if self.owner else self.name


def find_code_error(case: FailureCase) -> Finding | None:
    """Read the code of an output; report the first thing that shows it to be wrong."""
    if not case.output_text or not case.output_text.strip():
        return None
    task = read_task(case.input_text)
    code = read_code(case.output_text, task) if task else None
    if task is None or code is None:
        return None
    if code.tree is None:
        return _syntax_finding(case.output_text, code)
    submission = _Submission(case.output_text, task, code, code.tree, _reference(case, task))
    for look in _LOOKS:
        finding = look(submission)
        if finding is not None:
            return finding
    others = [read_code(output, task) for output in case.correct_outputs]
    trees = [other.tree for other in others if other is not None and other.tree is not None]
    if submission.reference is not None:
        trees.append(submission.reference)
    finding = find_differing_place(case.output_text, code, trees)
    return finding or find_wrong_result_type(case.output_text, code, task)


def _reference(case: FailureCase, task: Task) -> ast.Module | None:
    if case.correct_answer is None:
        return None
    code = read_code(case.correct_answer, task)
    return code.tree if code else None


def _syntax_finding(output: str, code: Code) -> Finding | None:
    if code.error is None or code.error.lineno is None:
        return None
    line = code.error.lineno
    position = min(offset_of_line(code, line), max(0, len(output) - 1))
    evidence = quote_line(output, position)
    shown = output.count("\n", 0, position) + 1
    message = code.error.msg
    if _is_cut_off(code, line):
        summary = f"The code stops before its end, in line {shown}: {message}."
        title, name = CUT_OFF, "The code is complete."
    else:
        summary = f"The code does not parse: {message} in line {shown}, {evidence[:80]!r}."
        title, name = INVALID, "The code is valid Python."
    criteria = (unmet(name, evidence, f"Line {shown}: {message}."),)
    return Finding(Outcome.ERROR_FOUND, title, summary, criteria, position, 0.9)


def _is_cut_off(code: Code, line: int) -> bool:
    """Whether only the end is lacking: all before the last statement parses."""
    if code.is_closed:
        return False
    lines = code.text.rstrip().split("\n")
    if (
        line < len(lines)
        and "never closed" not in str(code.error)
        and ("unterminated triple" not in str(code.error))
    ):
        return False
    return any(
        isinstance(parse("\n".join(lines[:end]) + tail), ast.Module)
        for end in range(len(lines) - 1, max(0, len(lines) - 12), -1)
        for tail in ("", "\n" + " " * (_indent(lines[end - 1]) + 4) + "pass")
    ) or "unterminated triple" in str(code.error)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _asked(submission: _Submission) -> Iterator[_Asked]:
    tree, reference = submission.tree, submission.reference
    for name, stub in submission.task.functions.items():
        yield _Asked("", name, stub, _functions(tree, name), _last(_functions(reference, name)))
    for owner, node in submission.task.classes.items():
        written, right = _classes(tree, owner), _classes(reference, owner)
        for name, stub in methods(node).items():
            ours = tuple(methods(item)[name] for item in written if name in methods(item))
            theirs = tuple(methods(item)[name] for item in right if name in methods(item))
            yield _Asked(owner, name, stub, ours, _last(theirs))


def _last(found: tuple[_Function, ...]) -> _Function | None:
    return found[-1] if found else None


def _functions(tree: ast.Module | None, name: str) -> tuple[_Function, ...]:
    nodes = ast.walk(tree) if tree else ()
    return tuple(n for n in nodes if isinstance(n, type_of_function) and n.name == name)


def _classes(tree: ast.Module | None, name: str) -> tuple[ast.ClassDef, ...]:
    nodes = ast.walk(tree) if tree else ()
    return tuple(node for node in nodes if isinstance(node, ast.ClassDef) and node.name == name)


def _criteria(submission: _Submission, failed: Criterion, until: str) -> tuple[Criterion, ...]:
    """Return what was found in order before the failed criterion, and that criterion."""
    first = quote_line(submission.output, submission.code.start)
    criteria = [met("The code is valid Python.", first, "It parses.")]
    if until != FUNCTION_MISSING:
        names = [*submission.task.functions, *submission.task.classes]
        comment = f"Defines {', '.join(names)}."
        criteria.append(met("Everything that was asked for is defined.", first, comment))
    return (*criteria, failed)


def _missing_parts(submission: _Submission) -> Finding | None:
    classes = [name for name in submission.task.classes if not _classes(submission.tree, name)]
    lacking = [f"class {name}" for name in classes]
    lacking += [
        f"{item.title}()"
        for item in _asked(submission)
        if not item.written and item.owner not in classes and item.name != "__init__"
    ]
    if not lacking:
        return None
    summary = f"The prompt asks for {', '.join(lacking)}, which the code does not define."
    failed = missing("Everything that was asked for is defined.", f"Lacks {', '.join(lacking)}.")
    criteria = _criteria(submission, failed, FUNCTION_MISSING)
    return Finding(Outcome.ERROR_FOUND, FUNCTION_MISSING, summary, criteria, 0, 0.9)


def _unimplemented(submission: _Submission) -> Finding | None:
    empty = [
        item
        for item in _asked(submission)
        if item.written
        and all(is_empty(node) for node in item.written)
        and not _needs_nothing(item)
    ]
    if not empty:
        return None
    names = ", ".join(f"{item.title}()" for item in empty)
    summary = f"{names} {'is' if len(empty) == 1 else 'are'} defined without a body that does work."
    line = empty[0].written[0].lineno
    return _at_line(submission, line, UNIMPLEMENTED, summary, "Every function is implemented.")


def _needs_nothing(item: _Asked) -> bool:
    if item.reference is not None:
        return is_empty(item.reference)
    return item.name == "__init__" or not is_empty(item.stub)


def _undefined(submission: _Submission) -> Finding | None:
    known = frozenset(
        alias.asname or alias.name.split(".")[0]
        for node in ast.walk(submission.task.tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    )
    if submission.code.before:
        # What runs a continued prompt commonly imports the standard library for it.
        known |= sys.stdlib_module_names
    known |= {node.name for node in submission.task.tree.body if hasattr(node, "name")}
    use = undefined_name(_source(submission), submission.tree, known)
    if use is not None:
        summary = f"The code uses {use.name}, which it neither defines nor imports."
        return _undefined_finding(submission, use, summary)
    for name in submission.task.classes:
        for node in _classes(submission.tree, name)[:1]:
            use = undefined_attribute(node)
            if use is not None:
                summary = f"The class {name} uses self.{use.name}, which it nowhere defines."
                return _undefined_finding(submission, use, summary)
    return None


def _source(submission: _Submission) -> str:
    return ast.unparse(submission.tree)


def _undefined_finding(submission: _Submission, use: Use, summary: str) -> Finding:
    return _at_line(submission, use.line, UNDEFINED, summary, "Every name that is used is defined.")


def _wrong_signature(submission: _Submission) -> Finding | None:
    for item in _asked(submission):
        written = _last(item.written)
        if written is None or written.args.vararg or item.stub.args.vararg:
            continue
        needs, has = _parameters(item.stub), _parameters(written)
        required = len(has) - len(written.args.defaults)
        if len(has) < len(needs) or required > len(needs):
            summary = (
                f"{item.title}() takes the parameters ({', '.join(has)}); the prompt gives it "
                f"({', '.join(needs)})."
            )
            name = "Every function takes the parameters of the prompt."
            return _at_line(submission, written.lineno, WRONG_SIGNATURE, summary, name)
    return None


def _parameters(node: _Function) -> list[str]:
    return [item.arg for item in (*node.args.posonlyargs, *node.args.args) if item.arg != "self"]


def _no_return(submission: _Submission) -> Finding | None:
    for item in _asked(submission):
        written = _last(item.written)
        if written is None or is_empty(written) or not _needs_value(item) or _gives_value(written):
            continue
        summary = f"{item.title}() is to return a value, but no path through it returns one."
        line = body_of(written)[-1].lineno
        name = "Every function returns what it is asked for."
        return _at_line(submission, line, NO_RETURN, summary, name)
    return None


def _needs_value(item: _Asked) -> bool:
    if item.reference is not None:
        return _gives_value(item.reference)
    returns = item.stub.returns
    return returns is not None and ast.unparse(returns) not in {"None", "Any", "NoReturn"}


def _gives_value(node: _Function) -> bool:
    return any(
        (isinstance(item, ast.Return) and item.value is not None and not _is_none(item.value))
        or isinstance(item, (ast.Yield, ast.YieldFrom))
        for item in ast.walk(node)
    )


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _at_line(
    submission: _Submission, line: int, title: str, summary: str, criterion: str
) -> Finding:
    position = offset_of_line(submission.code, line)
    failed = unmet(criterion, quote_line(submission.output, position), summary)
    criteria = _criteria(submission, failed, title)
    return Finding(Outcome.ERROR_FOUND, title, summary, criteria, position, 0.85)


_LOOKS: Final[tuple[Callable[[_Submission], Finding | None], ...]] = (
    _missing_parts,
    _unimplemented,
    _undefined,
    _wrong_signature,
    _no_return,
)
