"""Finds the few places where code departs from a correct solution, and results of a wrong type.

Both read the parsed code only. A single differing place is proof: the rest is the same.
"""

import ast
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import Outcome
from errormap_dagster.judge.embedded.code_differences import (
    MAX_PLACES,
    Difference,
    are_same,
    differences,
    first_line,
)
from errormap_dagster.judge.embedded.code_reading import (
    FUNCTIONS,
    Code,
    Task,
    methods,
    offset_of_line,
)
from errormap_dagster.judge.embedded.findings import Finding, met, quote_line, unmet

WRONG_CONDITION: Final = "Wrong condition in code"
WRONG_CONSTANT: Final = "Wrong constant in code"
WRONG_CALL: Final = "Wrong function called"
WRONG_EXPRESSION: Final = "Wrong expression in code"
WRONG_METHOD: Final = "Wrong logic in one method"
WRONG_RESULT_TYPE: Final = "Wrong result type returned"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        WRONG_CONDITION: "atlas.logical_reasoning_error",
        WRONG_CONSTANT: "atlas.logical_reasoning_error",
        WRONG_CALL: "atlas.logical_reasoning_error",
        WRONG_EXPRESSION: "atlas.logical_reasoning_error",
        WRONG_METHOD: "atlas.logical_reasoning_error",
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
    """Return the first of the few places where the code differs from a right program."""
    if code.tree is None:
        return None
    compared = [differences(code.tree, tree) for tree in right]
    close = [found for found in compared if 0 < len(found) <= MAX_PLACES and _are_small(found)]
    if not close:
        return None
    nearest = min(close, key=len)
    line = first_line(nearest[0].ours)
    return None if line is None else _difference_finding(output, code, nearest, line)


def _are_small(found: Sequence[Difference]) -> bool:
    """Whether all sides are expressions of few nodes: more is another solution, not a slip."""
    return all(
        isinstance(node, ast.expr) and sum(1 for _ in ast.walk(node)) <= _FEW_NODES
        for difference in found
        for node in (difference.ours, difference.theirs)
    )


def _difference_finding(output: str, code: Code, found: Sequence[Difference], line: int) -> Finding:
    ours, theirs = _shown(found[0].ours), _shown(found[0].theirs)
    position = offset_of_line(code, line)
    evidence = quote_line(output, position)
    others = "" if len(found) == 1 else f" in all but {len(found)} places"
    summary = (
        f"The code has {ours!r} where a correct solution that is otherwise the same{others} "
        f"has {theirs!r}."
    )
    criteria = (
        met("The code is valid Python.", quote_line(output, code.start), "It parses."),
        unmet("The code does what a correct solution does.", evidence, summary),
    )
    title, certainty = _TITLE_OF[found[0].kind], 0.9 if len(found) == 1 else 0.6
    return Finding(Outcome.ERROR_FOUND, title, summary, criteria, position, certainty)


def _shown(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def find_wrong_method(
    output: str, code: Code, task: Task, right: Sequence[ast.Module]
) -> Finding | None:
    """Return the only method of a class that is unlike every right one, by elimination."""
    for name in task.classes:
        ours = _class_methods(code.tree, name)
        theirs = [_class_methods(tree, name) for tree in right]
        unlike = [
            method
            for method, node in ours.items()
            if not any(method in other and are_same(node, other[method]) for other in theirs)
        ]
        if len(unlike) == 1 and len(ours) > 1 and any(unlike[0] in other for other in theirs):
            return _method_finding(output, code, f"{name}.{unlike[0]}()", ours[unlike[0]])
    return None


def _class_methods(
    tree: ast.Module | None, name: str
) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    body = tree.body if tree else []
    found = [node for node in body if isinstance(node, ast.ClassDef) and node.name == name]
    return methods(found[0]) if len(found) == 1 else {}


def _method_finding(output: str, code: Code, name: str, node: ast.stmt) -> Finding:
    position = offset_of_line(code, node.lineno)
    summary = (
        f"Every other method is the same as in a correct solution; only {name} differs from all "
        "of them, so the fault lies there."
    )
    criteria = (
        met("The code is valid Python.", quote_line(output, code.start), "It parses."),
        unmet(f"{name} does what is asked.", quote_line(output, position), summary),
    )
    return Finding(Outcome.ERROR_FOUND, WRONG_METHOD, summary, criteria, position, 0.7)


def find_wrong_result_type(output: str, code: Code, task: Task) -> Finding | None:
    """Return a function all of whose results have another type than the prompt declares."""
    if code.tree is None:
        return None
    for node in code.tree.body:
        if not isinstance(node, FUNCTIONS) or node.name not in task.functions:
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
        if isinstance(item, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
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
