"""Compares two programs node by node and tells in which few places they differ.

Docstrings, annotations and the choice of variable names do not count as differences.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, cast

MAX_PLACES: Final = 3
_IGNORED: Final = frozenset(
    {
        "lineno",
        "col_offset",
        "end_lineno",
        "end_col_offset",
        "ctx",
        "type_comment",
        "annotation",
        "returns",
        "kind",
        "type_ignores",
        "type_params",
    }
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where two programs differ; ``kind`` is constant, condition, call or other."""

    kind: str
    ours: ast.AST
    theirs: ast.AST


@dataclass(slots=True)
class _Walk:
    """The differences met so far, and which name of one program stands for which of the other."""

    found: list[Difference] = field(default_factory=list[Difference])
    forward: dict[str, str] = field(default_factory=dict[str, str])
    backward: dict[str, str] = field(default_factory=dict[str, str])
    locals_ours: frozenset[str] = frozenset()
    locals_theirs: frozenset[str] = frozenset()


def differences(ours: ast.AST, theirs: ast.AST) -> list[Difference]:
    """Return the places where ``ours`` differs from ``theirs``, at most ``MAX_PLACES`` + 1."""
    walk = _Walk(locals_ours=_bound(ours), locals_theirs=_bound(theirs))
    _compare(ours, theirs, walk)
    return walk.found


def are_same(ours: ast.AST, theirs: ast.AST) -> bool:
    """Whether two programs are the same but for the names of their variables."""
    return not differences(ours, theirs)


def _bound(tree: ast.AST) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
    return frozenset(names)


def _compare(ours: ast.AST, theirs: ast.AST, walk: _Walk) -> None:
    if len(walk.found) > MAX_PLACES:
        return
    if type(ours) is not type(theirs):
        walk.found.append(Difference("other", ours, theirs))
        return
    if isinstance(ours, ast.Name) and isinstance(theirs, ast.Name):
        _compare_names(ours, theirs, walk)
        return
    if isinstance(ours, ast.arg) and isinstance(theirs, ast.arg):
        _pair(ours.arg, theirs.arg, walk)
        return
    before = len(walk.found)
    _compare_fields(ours, theirs, walk)
    if isinstance(ours, ast.Compare) and len(walk.found) == before + 1:
        _widen(ours, theirs, walk)


def _compare_fields(ours: ast.AST, theirs: ast.AST, walk: _Walk) -> None:
    for name in ours._fields:
        if name in _IGNORED:
            continue
        if not _same_field(getattr(ours, name, None), getattr(theirs, name, None), walk):
            walk.found.append(Difference(_kind(ours, name), ours, theirs))
            return


def _widen(ours: ast.Compare, theirs: ast.AST, walk: _Walk) -> None:
    """Report a differing operator with the comparison around it."""
    if isinstance(walk.found[-1].ours, ast.cmpop):
        walk.found[-1] = Difference("condition", ours, theirs)


def _compare_names(ours: ast.Name, theirs: ast.Name, walk: _Walk) -> None:
    if not _pair(ours.id, theirs.id, walk):
        walk.found.append(Difference("other", ours, theirs))


def _pair(ours: str, theirs: str, walk: _Walk) -> bool:
    """Take two local names for the same variable wherever they meet first."""
    if ours not in walk.locals_ours or theirs not in walk.locals_theirs:
        return ours == theirs
    known = walk.forward.setdefault(ours, theirs)
    return known == theirs and walk.backward.setdefault(theirs, ours) == ours


def _same_field(ours: object, theirs: object, walk: _Walk) -> bool:
    """Compare one field; differences inside of nodes go to ``walk``, others make it False."""
    if isinstance(ours, ast.AST) and isinstance(theirs, ast.AST):
        _compare(ours, theirs, walk)
        return True
    if isinstance(ours, list) and isinstance(theirs, list):
        left, right = _kept(cast("list[object]", ours)), _kept(cast("list[object]", theirs))
        if len(left) != len(right):
            return False
        return all(_same_field(one, two, walk) for one, two in zip(left, right, strict=True))
    return type(ours) is type(theirs) and ours == theirs


def _kept(items: list[object]) -> list[object]:
    return [item for item in items if not _is_text_alone(item)]


def _is_text_alone(item: object) -> bool:
    return (
        isinstance(item, ast.Expr)
        and isinstance(item.value, ast.Constant)
        and isinstance(item.value.value, str)
    )


def _kind(node: ast.AST, name: str) -> str:
    if isinstance(node, ast.Constant):
        return "constant"
    if isinstance(node, ast.Compare):
        return "condition"
    if isinstance(node, ast.Attribute) and name == "attr":
        return "call"
    return "other"


def first_line(node: ast.AST) -> int | None:
    """Return the line of a node or of the first node inside that has one, from 1."""
    lines: Iterator[int | None] = (getattr(item, "lineno", None) for item in ast.walk(node))
    return next((line for line in lines if line is not None), None)
