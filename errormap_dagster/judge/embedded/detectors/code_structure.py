"""Finds the one place where code departs from a correct solution, and results of a wrong type.

Both read the parsed code only. A single differing place is proof: the rest is the same.
"""

import ast
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import Outcome
from errormap_dagster.judge.embedded.code_differences import (
    Difference,
    first_line,
    only_difference,
)
from errormap_dagster.judge.embedded.code_reading import (
    Code,
    Task,
    offset_of_line,
    type_of_function,
)
from errormap_dagster.judge.embedded.findings import Finding, met, quote_line, unmet

WRONG_CONDITION: Final = "Wrong condition in code"
WRONG_CONSTANT: Final = "Wrong constant in code"
WRONG_CALL: Final = "Wrong function called"
WRONG_EXPRESSION: Final = "Wrong expression in code"
WRONG_RESULT_TYPE: Final = "Wrong result type returned"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        WRONG_CONDITION: "atlas.logical_reasoning_error",
        WRONG_CONSTANT: "atlas.logical_reasoning_error",
        WRONG_CALL: "atlas.logical_reasoning_error",
        WRONG_EXPRESSION: "atlas.logical_reasoning_error",
        WRONG_RESULT_TYPE: "atlas.specification_misinterpretation",
    }
)

_TITLE_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        "condition": WRONG_CONDITION,
        "constant": WRONG_CONSTANT,
        "call": WRONG_CALL,
        "other": WRONG_EXPRESSION,
    }
)
_SHOWN: Final = 100
_FEW_NODES: Final = 24
_TYPES: Final[Mapping[type[ast.expr], str]] = MappingProxyType(
    {
        ast.List: "list",
        ast.ListComp: "list",
        ast.Tuple: "tuple",
        ast.Dict: "dict",
        ast.DictComp: "dict",
        ast.Set: "set",
        ast.SetComp: "set",
        ast.JoinedStr: "str",
    }
)
_CALLS: Final = frozenset({"list", "tuple", "dict", "set", "str"})
_DECLARED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "List": "list",
        "list": "list",
        "Tuple": "tuple",
        "tuple": "tuple",
        "Dict": "dict",
        "dict": "dict",
        "Set": "set",
        "set": "set",
        "str": "str",
        "int": "number",
        "float": "number",
        "bool": "number",
    }
)


def find_differing_place(output: str, code: Code, right: Sequence[ast.Module]) -> Finding | None:
    """Return the only place where the code differs from one of the right programs."""
    if code.tree is None:
        return None
    for tree in right:
        difference = only_difference(code.tree, tree)
        line = first_line(difference.ours) if difference and _is_small(difference) else None
        if difference is not None and line is not None:
            return _difference_finding(output, code, difference, line)
    return None


def _is_small(difference: Difference) -> bool:
    """Whether both sides are expressions of few nodes: more is another solution, not a slip."""
    return all(
        isinstance(node, ast.expr) and sum(1 for _ in ast.walk(node)) <= _FEW_NODES
        for node in (difference.ours, difference.theirs)
    )


def _difference_finding(output: str, code: Code, difference: Difference, line: int) -> Finding:
    ours, theirs = _shown(difference.ours), _shown(difference.theirs)
    position = offset_of_line(code, line)
    evidence = quote_line(output, position)
    summary = (
        f"The code has {ours!r} where a correct solution that is otherwise the same has {theirs!r}."
    )
    criteria = (
        met("The code is valid Python.", quote_line(output, code.start), "It parses."),
        unmet("The code does what a correct solution does.", evidence, summary),
    )
    title = _TITLE_OF[difference.kind]
    return Finding(Outcome.ERROR_FOUND, title, summary, criteria, position, 0.9)


def _shown(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def find_wrong_result_type(output: str, code: Code, task: Task) -> Finding | None:
    """Return a function all of whose results have another type than the prompt declares."""
    if code.tree is None:
        return None
    for node in code.tree.body:
        if not isinstance(node, type_of_function) or node.name not in task.functions:
            continue
        declared = _declared(task.functions[node.name].returns)
        returns = _returns(node)
        given = [_type_of(item.value, node) for item in returns]
        wrong = next((at for at, kind in enumerate(given) if kind not in {None, declared}), None)
        if declared is not None and wrong is not None:
            kinds = given[wrong] or "", declared
            return _type_finding(output, code, returns[wrong], kinds)
    return None


def _type_finding(
    output: str, code: Code, statement: ast.Return, kinds: tuple[str, str]
) -> Finding:
    position = offset_of_line(code, statement.lineno)
    summary = f"The function returns a {kinds[0]} where the prompt declares a {kinds[1]}."
    criteria = (
        met("The code is valid Python.", quote_line(output, code.start), "It parses."),
        unmet("The result has the declared type.", quote_line(output, position), summary),
    )
    return Finding(Outcome.ERROR_FOUND, WRONG_RESULT_TYPE, summary, criteria, position, 0.8)


def _declared(annotation: ast.expr | None) -> str | None:
    base = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return _DECLARED.get(base.id) if isinstance(base, ast.Name) else None


def _returns(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.Return]:
    """Return the return statements of a function, without those of functions inside it."""
    found: list[ast.Return] = []
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, (*type_of_function, ast.Lambda, ast.ClassDef)):
            continue
        if isinstance(item, ast.Return) and item.value is not None:
            found.append(item)
        waiting.extend(ast.iter_child_nodes(item))
    return found


def _type_of(value: ast.expr | None, node: ast.AST) -> str | None:
    """Return the type of an expression where its form alone decides it."""
    if isinstance(value, ast.Name):
        return _type_of_variable(value.id, node)
    if isinstance(value, ast.Constant):
        return _type_of_constant(value.value)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id if value.func.id in _CALLS else None
    return _TYPES.get(type(value)) if value is not None else None


def _type_of_constant(value: object) -> str | None:
    if isinstance(value, str):
        return "str"
    return "number" if isinstance(value, (int, float)) else None


def _type_of_variable(name: str, node: ast.AST) -> str | None:
    """Return the type of a variable that is assigned literals of one type only."""
    kinds: set[str | None] = set()
    for item in ast.walk(node):
        if isinstance(item, ast.Name) and item.id == name and isinstance(item.ctx, ast.Store):
            kinds.add("stored")
        if isinstance(item, ast.arg) and item.arg == name:
            kinds.add(None)
        if isinstance(item, ast.Assign) and name in _target_names(item):
            kinds.add(None if isinstance(item.value, ast.Name) else _type_of(item.value, node))
    return None if len(kinds) != 2 else next(iter(kinds - {"stored"}))  # noqa: PLR2004 - stored and one type


def _target_names(item: ast.Assign) -> set[str]:
    return {target.id for target in item.targets if isinstance(target, ast.Name)}
