"""Finds every calculation "expression = value" in a text and computes it again.

A calculation counts as wrong only when no sensible rounding, unit or percentage makes it right.
"""

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from errormap_dagster.judge.embedded.expressions import Expression, Reading, read_expression
from errormap_dagster.judge.embedded.tokens import MAX_READ, Kind, Token, tokens

_NOTE: Final = re.compile(r"<<([^<>\n]{1,160})>>")
_EXACT: Final = 1e-9
_LOOSE: Final = 0.01
_ROUND_FROM: Final = 10_000
_BASE: Final = 10.0
_LARGEST: Final = 1e15
"""Beyond it a text argues about forms, such as factorials and powers, not about values."""
_FACTORS: Final = (100.0, 10.0, 1000.0, 1e6, 60.0, 3600.0, 24.0, 12.0, 7.0, 16.0, 3.0)
_BEFORE_REFUSED: Final = frozenset(
    "of times minus plus by divided over and or mod per sin cos tan log ln sqrt root power"
    " squared cubed dozen hundred thousand million times choose base".split()
)
_AFTER_REFUSED: Final = frozenset(
    "mod million billion thousand hundred dozen times plus minus squared cubed choose remainder"
    " over divided to or percent pi".split()
)
_AFTER_KINDS: Final = frozenset(
    {Kind.SYMBOL, Kind.OPEN, Kind.NUMBER, Kind.FACTORIAL, Kind.OPERATOR, Kind.ROOT, Kind.FRACTION}
)
_NEWLINES: Final = ("\n", "\\n", "\\\\n")
_RELATIONS: Final = frozenset({Kind.EQUALS, Kind.APPROXIMATELY})


@dataclass(frozen=True, slots=True)
class Step:
    """One calculation of a text: an expression, the value stated for it and the true value."""

    expression: Expression
    stated: float
    value: float
    is_right: bool
    is_rewriting: bool
    start: int
    end: int

    @property
    def operators(self) -> str:
        """The distinct operators of the expression in the order ``+-*/^``."""
        return "".join(sign for sign in "+-*/^" if sign in self.expression.operators)


def is_same(left: float, right: float) -> bool:
    """Whether two numbers are equal up to floating point."""
    return math.isclose(left, right, rel_tol=_EXACT, abs_tol=_EXACT)


@lru_cache(maxsize=32)
def read_steps(text: str) -> tuple[Step, ...]:
    """Return the calculations of ``text`` in reading order (the first ``MAX_READ`` characters)."""
    head = text[:MAX_READ]
    notes = list(_NOTE.finditer(head))
    plain = _NOTE.sub(lambda note: " " * len(note.group()), head) if notes else head
    steps = list(_relations(tokens(plain)))
    covered = [(step.start, step.end) for step in steps]
    for note in notes:
        if not any(start <= note.start() < end for start, end in covered):
            steps.extend(_noted(note))
    return tuple(sorted(steps, key=lambda step: (step.start, step.end)))


def _noted(note: re.Match[str]) -> Iterator[Step]:
    inner = [
        token._replace(start=token.start + note.start(1), end=token.end + note.start(1))
        for token in tokens(note.group(1))
    ]
    yield from _relations(inner)


def _relations(source: Sequence[Token]) -> Iterator[Step]:
    at = 0
    while at < len(source):
        reading = read_expression(source, at) if _may_start(source, at) else None
        if reading is None:
            at += 1
            continue
        chain = _chain(source, reading)
        for left, right in itertools.pairwise(chain):
            step = _step(left, right)
            if step is not None:
                yield step
        at = _after(source, at, chain, reading)


def _after(source: Sequence[Token], at: int, chain: Sequence[Expression], reading: Reading) -> int:
    end = chain[-1].end if chain else reading.expression.end
    following = max(at + 1, reading.after)
    while following < len(source) and source[following].start < end:
        following += 1
    return following


def _may_start(source: Sequence[Token], at: int) -> bool:
    token = source[at]
    if token.kind not in {Kind.NUMBER, Kind.OPEN, Kind.ROOT, Kind.FRACTION, Kind.OPERATOR}:
        return False
    before = source[at - 1] if at else None
    if token.kind is Kind.OPERATOR:
        return token.text == "-" and _is_sign(source, at)
    if before is None or before.kind in _RELATIONS or before.kind is Kind.BREAK:
        return before is None or before.text not in "/|" or not before.text
    if before.kind is Kind.WORD:
        is_ratio = before.text == "to" and at > 1 and source[at - 2].kind is Kind.NUMBER
        is_refused = is_ratio or before.text in _BEFORE_REFUSED
        is_name = before.end == token.start  # A3 is a name, f(2) a value
        return not (is_refused or is_name or _is_factor(before, token))
    if before.kind is Kind.OPERATOR:
        is_list_mark = before.text in "+-*" and before.end < token.start
        return is_list_mark and (at == 1 or source[at - 2].text.startswith(_NEWLINES))
    return before.kind is Kind.OPEN


def _is_factor(before: Token, token: Token) -> bool:
    """Whether a bracket is multiplied by the variable or unit that stands before it."""
    if token.kind is not Kind.OPEN:
        return False
    return len(before.text) == 1 or before.text.startswith("\\")


def _is_sign(source: Sequence[Token], at: int) -> bool:
    """Whether a minus belongs to the number after it: nothing, a relation or a word precedes."""
    before = source[at - 1] if at else None
    if before is not None and before.kind in _RELATIONS:
        return True
    if at + 1 == len(source) or source[at + 1].start != source[at].end:
        return False
    return before is None or (before.kind is Kind.WORD and source[at].start > before.end)


def _chain(source: Sequence[Token], first: Reading) -> list[Expression]:
    chain = [first.expression]
    after = first.after
    while after < len(source) and source[after].kind in _RELATIONS:
        following = read_expression(source, after + 1)
        if following is None:
            break
        chain.append(following.expression)
        after = following.after
    if not _is_closed(source, after):
        chain.pop()
    return chain


def _is_closed(source: Sequence[Token], after: int) -> bool:
    if after >= len(source):
        return True
    token = source[after]
    if token.kind is Kind.BREAK and token.text in {".", ":"}:
        following = source[after + 1] if after + 1 < len(source) else None
        return following is None or following.text not in {".", "…"}
    if token.kind is Kind.OPEN:
        return token.text != "{" and token.start > source[after - 1].end
    if token.kind is Kind.WORD:
        return token.text not in _AFTER_REFUSED
    return token.kind not in _AFTER_KINDS


def _step(left: Expression, right: Expression) -> Step | None:
    if left.units and not left.operators:
        return None
    is_left = len(left.operators) >= len(right.operators)
    expression, other = (left, right) if is_left else (right, left)
    value, stated = expression.value, other.value
    if not expression.operators or value is None or stated is None:
        return None
    is_right = _agree(expression, other, value, stated)
    if not is_right and _is_doubtful(expression, other, value, stated):
        return None
    is_plain = set(other.operators) == {"/"} or _is_scientific(other)
    is_rewriting = bool(other.operators) and not is_plain
    return Step(expression, stated, value, is_right, is_rewriting, left.start, right.end)


def _is_scientific(expression: Expression) -> bool:
    """Whether this is one number, written like 1.8 x 10^8."""
    return expression.operators == ("*", "^") and expression.operands[1] == _BASE


def _is_doubtful(expression: Expression, other: Expression, value: float, stated: float) -> bool:
    """Whether an equation that does not hold may be read in a way in which it does."""
    if other.operators and other.operators == expression.operators:
        return True
    if max(abs(value), abs(stated)) > _LARGEST:
        return True
    ratio = abs(value / stated) if value and stated else 2.0
    if "^" in expression.operators and _is_thousands(ratio):
        return True
    if not expression.units and not other.units:
        return False
    if expression.operators.count("/") > 1:
        return True
    return is_same(ratio, 10.0 ** round(math.log10(ratio)))


def _is_thousands(ratio: float) -> bool:
    """Whether two values are a prefix of a unit apart, as with kilometres and metres."""
    power = round(math.log10(ratio) / 3) * 3
    return power != 0 and abs(ratio / 10.0**power - 1) <= _LOOSE


def _agree(expression: Expression, other: Expression, value: float, stated: float) -> bool:
    if is_same(abs(value), abs(stated)):
        return True
    if expression.has_percent and _is_percentage_off(expression, stated):
        return True
    tolerance = _tolerance(expression, other, value)
    factors = [1.0]
    if expression.has_percent or other.has_percent:
        factors += [100.0, 0.01]
    if expression.units or other.units:
        factors += [*_FACTORS, *(1 / factor for factor in _FACTORS)]
    return any(abs(abs(value) * factor - abs(stated)) <= tolerance * factor for factor in factors)


def _is_percentage_off(expression: Expression, stated: float) -> bool:
    """Whether "200 - 20%" was meant, as many write it, for 20 % off 200."""
    if expression.operators not in {("+",), ("-",)}:
        return False
    amount, percentage = expression.operands
    share = percentage / 100 if expression.operators == ("+",) else -percentage / 100
    return is_same(amount * (1 + share), stated)


def _tolerance(expression: Expression, other: Expression, value: float) -> float:
    """Return how far a stated value may be off: rounding of the result and of the operands."""
    unit = 10.0 ** -(other.decimals + (2 if other.has_percent else 0))
    signs = set(expression.operators)
    is_whole = expression.decimals == 0 and not expression.has_function
    if is_whole and signs <= {"+", "-", "*", "^"}:
        return abs(value) * _LOOSE / 2 if _is_rounded(other) else 0.0
    if signs <= {"+", "-"}:
        return unit * 1.001
    if signs == {"/"} and is_whole:
        return max(unit * 1.001, abs(value) * _LOOSE / 2)
    return max(unit * 1.001, abs(value) * 2 * _LOOSE)


def _is_rounded(other: Expression) -> bool:
    stated = other.value
    if stated is None:
        return bool(other.operators)
    return bool(other.operators) or (stated >= _ROUND_FROM and stated % 100 == 0)
