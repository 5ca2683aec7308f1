"""Finds names that code uses without ever defining them.

Scopes come from the ``symtable`` of Python, which compiles the source and does not run it.
"""

import ast
import builtins
import symtable
import warnings
from typing import Final, NamedTuple, TypeGuard

from errormap_dagster.judge.embedded.code_reading import FUNCTIONS, methods

_BUILTIN: Final = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__", "__class__"}
_OPEN_ENDED: Final = ("globals", "exec", "eval", "setattr", "__dict__", "__getattr__")


class Use(NamedTuple):
    """The first use of an undefined name: the line counts from 1."""

    name: str
    line: int


def undefined_name(source: str, tree: ast.Module, known: frozenset[str]) -> Use | None:
    """Return the first global name that is read and never defined.

    ``known`` are names that the surrounding of the code provides.
    """
    if any(isinstance(node, ast.ImportFrom) and _takes_all(node) for node in ast.walk(tree)):
        return None
    if any(isinstance(node, ast.Name) and node.id in _OPEN_ENDED[:2] for node in ast.walk(tree)):
        return None
    top = _symbols(source)
    if top is None:
        return None
    defined = _BUILTIN | known | _defined(top)
    lacking = _read_globals(top) - defined
    uses = [use for name in sorted(lacking) for use in _uses(tree, name)]
    return min(uses, key=lambda use: (use.line, use.name)) if uses else None


def _uses(tree: ast.Module, name: str) -> list[Use]:
    """Return where a name is read, without the functions that set it themselves."""
    setters = [
        node
        for node in ast.walk(tree)
        if isinstance(node, FUNCTIONS) and any(_sets(item, name) for item in ast.walk(node))
    ]
    inside = {id(item) for node in setters for item in ast.walk(node)}
    return [
        Use(name, node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == name and id(node) not in inside
    ]


def _sets(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Name):
        return node.id == name and isinstance(node.ctx, ast.Store)
    return isinstance(node, ast.arg) and node.arg == name


def _takes_all(node: ast.ImportFrom) -> bool:
    return any(alias.name == "*" for alias in node.names)


def _symbols(source: str) -> symtable.SymbolTable | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return symtable.symtable(source, "output", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _defined(top: symtable.SymbolTable) -> set[str]:
    names = {
        symbol.get_name()
        for symbol in top.get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    }
    for table in _inner(top):
        names.update(
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_declared_global() and symbol.is_assigned()
        )
    return names


def _read_globals(top: symtable.SymbolTable) -> set[str]:
    names = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    for table in _inner(top):
        names.update(
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_global() and symbol.is_referenced()
        )
    return names


def _inner(top: symtable.SymbolTable) -> list[symtable.SymbolTable]:
    tables: list[symtable.SymbolTable] = []
    waiting = list(top.get_children())
    while waiting:
        table = waiting.pop()
        tables.append(table)
        waiting.extend(table.get_children())
    return tables


def undefined_attribute(node: ast.ClassDef) -> Use | None:
    """Return the first ``self.name`` that is read and that the class nowhere sets or defines."""
    has_bases = any(ast.unparse(base) != "object" for base in node.bases)
    if has_bases or node.keywords or node.decorator_list or _is_open(node):
        return None
    found = [item for item in ast.walk(node) if _is_of_self(item)]
    set_names = {item.attr for item in found if not isinstance(item.ctx, ast.Load)}
    defined = set_names | set(methods(node)) | _class_names(node)
    uses = [
        Use(item.attr, item.lineno)
        for item in found
        if item.attr not in defined and not item.attr.startswith("__")
    ]
    return min(uses, key=lambda use: (use.line, use.name)) if uses else None


def _is_open(node: ast.ClassDef) -> bool:
    text = ast.dump(node)
    return any(f"'{word}'" in text for word in _OPEN_ENDED)


def _is_of_self(item: ast.AST) -> TypeGuard[ast.Attribute]:
    return (
        isinstance(item, ast.Attribute)
        and isinstance(item.value, ast.Name)
        and item.value.id == "self"
    )


def _class_names(node: ast.ClassDef) -> set[str]:
    names: set[str] = set()
    for item in node.body:
        if isinstance(item, ast.ClassDef):
            names.add(item.name)
        targets = item.targets if isinstance(item, ast.Assign) else []
        if isinstance(item, ast.AnnAssign):
            targets = [item.target]
        for target in targets:
            names.update(part.id for part in ast.walk(target) if isinstance(part, ast.Name))
    return names
