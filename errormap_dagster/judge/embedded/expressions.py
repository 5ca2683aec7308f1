"""Reads one closed arithmetic expression from tokens and evaluates it.

Closed means that no variable stands in it. Words may follow an operand as its unit. Everything
that could be read in two ways is refused rather than guessed.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from errormap_dagster.judge.embedded.tokens import Kind, Token

MAX_TOKENS: Final = 150
_MAX_DEPTH: Final = 12
_MAX_UNIT_WORDS: Final = 4
_MAX_FACTORIAL: Final = 170
_MAX_POWER: Final = 1_000.0
_NOT_UNITS: Final = frozenset(
    "is are was were and or so then if the that which mod times minus plus divided choose sin cos"
    " tan log ln exp min max gcd lcm pi sqrt million billion thousand hundred dozen than".split()
)


@dataclass(frozen=True, slots=True)
class Node:
    """A node of an expression: a leaf (``leaf`` >= 0), or an operation over ``parts``.

    ``operator`` is an index into the expression's operators where it is one of + - * / ^, and
    -1 otherwise; ``function`` names negation, root, factorial and percent.
    """

    leaf: int = -1
    operator: int = -1
    function: str = ""
    parts: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression, its operands as written from left to right, and its place in the text."""

    root: Node
    operands: tuple[float, ...]
    operators: tuple[str, ...]
    decimals: int
    units: tuple[str, ...]
    has_percent: bool
    has_function: bool
    start: int
    end: int

    @property
    def value(self) -> float | None:
        """The value, None where it is not defined or beyond any reasonable size."""
        return self.evaluate(self.operands, self.operators)

    def evaluate(self, operands: Sequence[float], operators: Sequence[str]) -> float | None:
        """Evaluate the same expression with other operands or operators."""
        try:
            result = _evaluate(self.root, operands, operators)
        except (ZeroDivisionError, OverflowError, ValueError):
            return None
        return result if math.isfinite(result) else None


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > _MAX_POWER or (base < 0 and exponent != int(exponent)):
        raise ValueError(exponent)
    return float(base**exponent)


_OPERATIONS: Final[dict[str, Callable[[float, float], float]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "^": _power,
}


def _factorial(value: float) -> float:
    if value < 0 or value > _MAX_FACTORIAL or value != int(value):
        raise ValueError(value)
    return float(math.factorial(int(value)))


_FUNCTIONS: Final[dict[str, Callable[[float], float]]] = {
    "negative": lambda value: -value,
    "root": math.sqrt,
    "factorial": _factorial,
    "percent": lambda value: value / 100,
}


def _evaluate(node: Node, operands: Sequence[float], operators: Sequence[str]) -> float:
    if node.leaf >= 0:
        return operands[node.leaf]
    parts = [_evaluate(part, operands, operators) for part in node.parts]
    if node.function:
        return _FUNCTIONS[node.function](parts[0])
    return _OPERATIONS[operators[node.operator]](parts[0], parts[1])


class _RefusedError(Exception):
    """The tokens are not one closed expression that can be read in one way."""


@dataclass(slots=True)
class _Reader:
    """A recursive descent over tokens from ``at`` on."""

    source: Sequence[Token]
    at: int
    limit: int
    operands: list[float] = field(default_factory=list)
    operators: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    decimals: int = 0
    has_percent: bool = False
    has_function: bool = False
    depth: int = 0

    def peek(self, ahead: int = 0) -> Token | None:
        at = self.at + ahead
        return self.source[at] if at < self.limit else None

    def is_operator(self, signs: str) -> bool:
        token = self.peek()
        return token is not None and token.kind is Kind.OPERATOR and token.text in signs

    def add_operator(self) -> int:
        self.operators.append(self.source[self.at].text)
        self.at += 1
        return len(self.operators) - 1

    def sum(self) -> Node:
        left = self.product()
        while self.is_operator("+-"):
            operator = self.add_operator()
            left = Node(operator=operator, parts=(left, self.product()))
        return left

    def product(self) -> Node:
        left = self.power()
        has_divided = False
        while True:
            if self.is_operator("*/"):
                has_divided = has_divided or self.source[self.at].text == "/"
                operator = self.add_operator()
                left = Node(operator=operator, parts=(left, self.power()))
            elif self.is_juxtaposed():
                if has_divided:
                    raise _RefusedError
                self.operators.append("*")
                operator = len(self.operators) - 1
                left = Node(operator=operator, parts=(left, self.power()))
            else:
                return left

    def is_juxtaposed(self) -> bool:
        """Whether a factor follows without a sign; "4 (12)" is a remark and "6(1/2)" a mixture."""
        token = self.peek()
        if token is None:
            return False
        before = self.source[self.at - 1]
        if token.kind is Kind.FRACTION and before.kind is Kind.NUMBER:
            raise _RefusedError
        if token.kind is not Kind.OPEN or token.text != "(":
            return token.kind in {Kind.ROOT, Kind.FRACTION}
        if before.kind is Kind.NUMBER and self.is_simple_fraction():
            raise _RefusedError
        return before.kind is not Kind.NUMBER or token.start == before.end

    def is_simple_fraction(self) -> bool:
        inside = [self.peek(ahead) for ahead in range(1, 5)]
        texts = [token.text if token is not None else "" for token in inside]
        return texts[1] == "/" and texts[3] == ")"

    def power(self) -> Node:
        if self.is_operator("-"):
            self.at += 1
            return Node(function="negative", parts=(self.power(),))
        base = self.postfix()
        if self.is_operator("^"):
            operator = self.add_operator()
            return Node(operator=operator, parts=(base, self.power()))
        return base

    def postfix(self) -> Node:
        node = self.atom()
        token = self.peek()
        if token is not None and token.kind is Kind.PERCENT:
            self.at += 1
            self.has_percent = True
            node = Node(function="percent", parts=(node,))
        elif token is not None and token.kind is Kind.FACTORIAL:
            self.at += 1
            self.has_function = True
            node = Node(function="factorial", parts=(node,))
        self.unit()
        return node

    def unit(self) -> None:
        """Pass over words that are the unit of an operand: more arithmetic follows them."""
        ahead = 0
        words: list[str] = []
        while (token := self.peek(ahead)) is not None and token.kind is Kind.WORD:
            if token.text in _NOT_UNITS or ahead >= _MAX_UNIT_WORDS:
                return
            words.append(token.text)
            ahead += 1
        if ahead == 0 or token is None or "of" in words:
            return
        if token.kind is Kind.OPERATOR and token.text == "^":
            raise _RefusedError
        if token.kind in {Kind.OPERATOR, Kind.EQUALS, Kind.APPROXIMATELY, Kind.CLOSE}:
            self.units.append(" ".join(words))
            self.at += ahead

    def atom(self) -> Node:
        token = self.peek()
        if token is None:
            raise _RefusedError
        self.at += 1
        if token.kind is Kind.NUMBER:
            return self.leaf(token)
        if token.kind is Kind.OPEN:
            return self.group(token.text)
        if token.kind is Kind.ROOT:
            self.has_function = True
            if (degree := self.peek()) is not None and degree.text == "[":
                raise _RefusedError
            return Node(function="root", parts=(self.argument(),))
        if token.kind is Kind.FRACTION:
            top = self.argument()
            self.operators.append("/")
            operator = len(self.operators) - 1
            return Node(operator=operator, parts=(top, self.argument()))
        raise _RefusedError

    def argument(self) -> Node:
        token = self.peek()
        if token is None or token.kind is not Kind.OPEN:
            raise _RefusedError
        self.at += 1
        return self.group(token.text)

    def group(self, opened: str) -> Node:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _RefusedError
        inside = self.sum()
        closing = self.peek()
        if closing is None or closing.text != {"(": ")", "{": "}", "[": "]"}[opened]:
            raise _RefusedError
        self.at += 1
        self.depth -= 1
        return inside

    def leaf(self, token: Token) -> Node:
        self.operands.append(float(token.text.replace(",", "")))
        if "." in token.text:
            self.decimals = max(self.decimals, len(token.text.rsplit(".", 1)[1]))
        return Node(leaf=len(self.operands) - 1)


@dataclass(frozen=True, slots=True)
class Reading:
    """An expression and the index of the first token after it."""

    expression: Expression
    after: int


def read_expression(source: Sequence[Token], at: int) -> Reading | None:
    """Read the longest closed expression that begins with token ``at``, None if there is none."""
    reader = _Reader(source, at, min(len(source), at + MAX_TOKENS))
    try:
        root = reader.sum()
    except _RefusedError:
        return None
    expression = Expression(
        root=root,
        operands=tuple(reader.operands),
        operators=tuple(reader.operators),
        decimals=reader.decimals,
        units=tuple(reader.units),
        has_percent=reader.has_percent,
        has_function=reader.has_function,
        start=source[at].start,
        end=source[reader.at - 1].end,
    )
    return Reading(expression, reader.at)
