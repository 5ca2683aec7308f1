"""Looks for parts that code lacks or has wrong: functions, bodies, names, parameters, results.

Each look reads code that parses against the stubs of the prompt; none runs it.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import Criterion, Outcome
from errormap_dagster.judge.embedded.code_names import Use, undefined_attribute, undefined_name
from errormap_dagster.judge.embedded.code_reading import (
    FUNCTIONS,
    Code,
    Task,
    body_of,
    is_empty,
    methods,
    offset_of_line,
)
from errormap_dagster.judge.embedded.findings import Finding, met, missing, quote_line, unmet

FUNCTION_MISSING: Final = "Required function missing"
UNIMPLEMENTED: Final = "Function left unimplemented"
NO_RETURN: Final = "Return value missing"
UNDEFINED: Final = "Undefined name used"
WRONG_SIGNATURE: Final = "Wrong function signature"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        FUNCTION_MISSING: "atlas.missing_required_element",
        UNIMPLEMENTED: "atlas.incomplete_content",
        NO_RETURN: "atlas.missing_required_element",
        UNDEFINED: "atlas.invalid_code",
        WRONG_SIGNATURE: "atlas.specification_misinterpretation",
    }
)

_SAYS_RETURN: Final = re.compile(r":returns?:? ?(\w+)")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Submission:
    """Code that parses, beside what was asked for and the reference if that can be read."""

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


def _asked(submission: Submission) -> Iterator[_Asked]:
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
    return tuple(n for n in nodes if isinstance(n, FUNCTIONS) and n.name == name)


def _classes(tree: ast.Module | None, name: str) -> tuple[ast.ClassDef, ...]:
    nodes = ast.walk(tree) if tree else ()
    return tuple(node for node in nodes if isinstance(node, ast.ClassDef) and node.name == name)


def _criteria(submission: Submission, failed: Criterion, until: str) -> tuple[Criterion, ...]:
    """Return what was found in order before the failed criterion, and that criterion."""
    first = quote_line(submission.output, submission.code.start)
    criteria = [met("The code is valid Python.", first, "It parses.")]
    if until != FUNCTION_MISSING:
        names = [*submission.task.functions, *submission.task.classes]
        comment = f"Defines {', '.join(names)}."
        criteria.append(met("Everything that was asked for is defined.", first, comment))
    return (*criteria, failed)


def _missing_parts(submission: Submission) -> Finding | None:
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


def _unimplemented(submission: Submission) -> Finding | None:
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


def _undefined(submission: Submission) -> Finding | None:
    known = frozenset(
        alias.asname or alias.name.split(".")[0]
        for node in ast.walk(submission.task.tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    )
    if submission.task.functions:
        # What runs a single function commonly imports the standard library for it.
        known |= sys.stdlib_module_names
    known |= {*submission.task.functions, *submission.task.classes}
    use = undefined_name(submission.code.text, submission.tree, known)
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


def _undefined_finding(submission: Submission, use: Use, summary: str) -> Finding:
    return _at_line(submission, use.line, UNDEFINED, summary, "Every name that is used is defined.")


def _wrong_signature(submission: Submission) -> Finding | None:
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


def _no_return(submission: Submission) -> Finding | None:
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
    """Whether the prompt says that a value is returned, and the reference, if any, agrees."""
    if item.reference is not None and not _gives_value(item.reference):
        return False
    if item.stub.returns is not None:
        return ast.unparse(item.stub.returns) not in {"None", "Any", "NoReturn"}
    said = _SAYS_RETURN.search(ast.get_docstring(item.stub) or "")
    return said is not None and not said.group(1).lower().startswith("none")


def _gives_value(node: _Function) -> bool:
    return any(
        (isinstance(item, ast.Return) and item.value is not None and not _is_none(item.value))
        or isinstance(item, (ast.Yield, ast.YieldFrom))
        for item in ast.walk(node)
    )


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _at_line(
    submission: Submission, line: int, title: str, summary: str, criterion: str
) -> Finding:
    position = offset_of_line(submission.code, line)
    failed = unmet(criterion, quote_line(submission.output, position), summary)
    criteria = _criteria(submission, failed, title)
    return Finding(Outcome.ERROR_FOUND, title, summary, criteria, position, 0.85)


LOOKS: Final[tuple[Callable[[Submission], Finding | None], ...]] = (
    _missing_parts,
    _unimplemented,
    _undefined,
    _wrong_signature,
    _no_return,
)
"""The looks in the order of what weighs most; the first that finds something counts."""
