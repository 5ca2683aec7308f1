"""Reads what a prompt asks to be written in Python, and the code that an output holds.

Code is parsed, never run.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MAX_CODE: Final = 40_000
FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)

_CODE_START: Final = re.compile(
    r"^(?:import |from \w[\w.]* import |class \w|def \w|@\w)", re.MULTILINE
)
_STRAIGHT: Final = str.maketrans("“”‘’", "\"\"''")
_MOST_PARAGRAPHS: Final = 3
"""Paragraphs of instructions that may follow the code of a prompt."""
_INDENTED: Final = re.compile(r"\s*\n[ \t]+\S|[ \t]+\S")
_DEFINITION: Final = re.compile(r"^[ \t]*(?:async )?(?:def|class) \w", re.MULTILINE)
_FENCE: Final = re.compile(r"^[ \t]*```[ \t]*(?:python3?|py|Python)?[ \t\r]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Task:
    """What a prompt asks for: its code, and the functions and classes that it leaves open."""

    prompt_code: str
    tree: ast.Module
    functions: Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef]
    classes: Mapping[str, ast.ClassDef]


@dataclass(frozen=True, slots=True)
class Code:
    """Code found in an output.

    ``start`` is its offset in the output; ``before`` counts the lines of the prompt that were
    put before it because the output only continues the prompt. ``is_closed`` is False where a
    fence was opened and not closed, or where there was no fence.
    """

    text: str
    start: int
    before: int
    is_closed: bool
    tree: ast.Module | None
    error: SyntaxError | None


@lru_cache(maxsize=64)
def parse(text: str) -> ast.Module | SyntaxError | None:
    """Return the tree, the syntax error, or None where Python cannot tell.

    Correct outputs are met once for every failure on their example, hence the cache.
    """
    if len(text) > MAX_CODE:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError):
        return None


@lru_cache(maxsize=16)
def read_task(prompt: str) -> Task | None:
    """Return what the prompt leaves open, None if it shows no open function or class."""
    start = _CODE_START.search(prompt[:MAX_CODE])
    if start is None:
        return None
    code = prompt[start.start() :].translate(_STRAIGHT)
    read = next(((text, tree) for text in _readings(code) if (tree := _tree(text))), None)
    if read is None:
        return None
    code, tree = read
    functions = {
        node.name: node for node in tree.body if isinstance(node, FUNCTIONS) and is_empty(node)
    }
    classes = {
        node.name: node
        for node in tree.body
        if isinstance(node, ast.ClassDef) and any(is_empty(item) for item in methods(node).values())
    }
    return Task(code, tree, functions, classes) if functions or classes else None


def _tree(text: str) -> ast.Module | None:
    tree = parse(text)
    return tree if isinstance(tree, ast.Module) else None


def _readings(code: str) -> Iterator[str]:
    """The prompt's code: as it stands, with a body put in, without paragraphs that follow it."""
    text = code.rstrip()
    for _ in range(_MOST_PARAGRAPHS + 1):
        yield text
        yield text + "\n    pass\n"
        text = text.rpartition("\n\n")[0].rstrip()
        if not text:
            return


def methods(node: ast.ClassDef) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the methods of a class by name."""
    return {item.name: item for item in node.body if isinstance(item, FUNCTIONS)}


def body_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    """Return the statements of a function without its docstring."""
    return node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body


def is_empty(node: ast.AST) -> bool:
    """Whether a function has no body but a docstring, ``pass``, ``...`` or NotImplementedError."""
    return isinstance(node, FUNCTIONS) and all(_is_filler(item) for item in body_of(node))


def _is_filler(node: ast.stmt) -> bool:
    if isinstance(node, ast.Pass):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    return isinstance(node, ast.Raise) and "NotImplementedError" in ast.dump(node)


def read_code(output: str, task: Task) -> Code | None:
    """Return the code of an output, None if it holds nothing that looks like code."""
    if not output.strip() or len(output) > MAX_CODE:
        return None
    names = (*task.functions, *task.classes)
    found = _fenced(output, names) or _open_text(output)
    text, start, is_closed = found
    if _INDENTED.match(text) or not _DEFINITION.search(text):
        return _continuation(text, start, task, is_closed=is_closed)
    return _code(text, start, 0, is_closed=is_closed)


def _fenced(output: str, names: tuple[str, ...]) -> tuple[str, int, bool] | None:
    marks = list(_FENCE.finditer(output))
    blocks: list[tuple[str, int, bool]] = []
    for at in range(0, len(marks), 2):
        end = marks[at + 1].start() if at + 1 < len(marks) else len(output)
        start = min(marks[at].end() + 1, end)
        blocks.append((output[start:end], start, at + 1 < len(marks)))
    for block in blocks:
        if any(re.search(rf"(?:def|class) {name}\b", block[0]) for name in names):
            return block
    return blocks[0] if blocks else None


def _open_text(output: str) -> tuple[str, int, bool]:
    start = _CODE_START.search(output)
    if start is None:
        return output, 0, False
    return output[start.start() :], start.start(), False


def _continuation(text: str, start: int, task: Task, *, is_closed: bool) -> Code | None:
    """Read an output that goes on where the prompt ends."""
    if not _INDENTED.match(text):
        return None
    before = task.prompt_code.rstrip("\n") + "\n"
    return _code(before + text, start, before.count("\n"), is_closed=is_closed)


def _code(text: str, start: int, before: int, *, is_closed: bool) -> Code:
    tree = parse(text)
    if isinstance(tree, ast.Module):
        return Code(text, start, before, is_closed, tree, None)
    if isinstance(tree, SyntaxError):
        shorter = _without_prose(text, tree)
        shorter_tree = parse(shorter)
        if isinstance(shorter_tree, ast.Module) and shorter_tree.body:
            return Code(shorter, start, before, is_closed=True, tree=shorter_tree, error=None)
    return Code(text, start, before, is_closed, None, tree)


def _without_prose(text: str, error: SyntaxError) -> str:
    """Return the code before the line of the error if prose begins there, else ""."""
    lines = text.split("\n")
    at = (error.lineno or 1) - 1
    is_prose = 0 < at < len(lines) and re.match(r"[A-Z`#*\d\[<]", lines[at])
    return "\n".join(lines[:at]) if is_prose else ""


def offset_of_line(code: Code, line: int) -> int:
    """Return the offset in the output of a line (from 1) of the code."""
    start = 0
    for _ in range(line - 1):
        end = code.text.find("\n", start)
        if end == -1:
            break
        start = end + 1
    hidden = sum(len(part) + 1 for part in code.text.split("\n")[: code.before])
    return code.start + max(0, start - hidden)
