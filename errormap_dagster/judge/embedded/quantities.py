"""Reads the quantities that a question states, in figures and in words."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_MAX_READ: Final = 8_000
_FIGURE: Final = re.compile(
    r"(?P<dollar>\$)?(?P<number>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+\.\d+|\.\d+|\d+)"
    r"(?P<tail>\s?\\?%|\s?percent\b|\s?/\s?(?P<below>\d+)|st\b|nd\b|rd\b|th\b)?"
)
_WORD: Final = re.compile(r"[a-z]+", re.IGNORECASE)
_UNITS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    " fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_NUMBER_WORDS: Final[dict[str, tuple[float, ...]]] = {
    **{word: (float(value),) for value, word in enumerate(_UNITS)},
    **{word: (float(value * 10),) for value, word in enumerate(_TENS, start=2)},
    "hundred": (100.0,),
    "thousand": (1000.0,),
    "million": (1e6,),
    "dozen": (12.0,),
    "dozens": (12.0,),
    "half": (0.5, 2.0),
    "halves": (0.5, 2.0),
    "halved": (0.5, 2.0),
    "twice": (2.0,),
    "double": (2.0,),
    "doubled": (2.0,),
    "doubles": (2.0,),
    "pair": (2.0,),
    "pairs": (2.0,),
    "couple": (2.0,),
    "both": (2.0,),
    "twins": (2.0,),
    "thrice": (3.0,),
    "triple": (3.0,),
    "tripled": (3.0,),
    "triples": (3.0,),
    "triplets": (3.0,),
    "quadruple": (4.0,),
    "third": (1 / 3, 3.0),
    "thirds": (1 / 3, 3.0, 2 / 3),
    "fourth": (0.25, 4.0),
    "fourths": (0.25, 4.0, 0.75),
    "quarter": (0.25, 4.0, 25.0),
    "quarters": (0.25, 4.0, 0.75, 25.0),
    "fifth": (0.2, 5.0),
    "fifths": (0.2, 5.0, 0.4, 0.6, 0.8),
    "sixth": (1 / 6, 6.0),
    "tenth": (0.1, 10.0),
    "week": (7.0, 5.0, 52.0),
    "weeks": (7.0, 52.0, 4.0),
    "weekly": (7.0, 52.0),
    "weekdays": (5.0,),
    "weekday": (5.0,),
    "weekend": (2.0,),
    "weekends": (2.0,),
    "month": (30.0, 4.0, 12.0, 31.0, 28.0),
    "months": (30.0, 4.0, 12.0, 31.0, 28.0),
    "monthly": (12.0, 30.0),
    "year": (12.0, 365.0, 52.0),
    "years": (12.0, 365.0, 52.0),
    "yearly": (12.0, 52.0),
    "annual": (12.0, 52.0),
    "day": (24.0, 7.0, 365.0, 30.0),
    "days": (24.0, 7.0),
    "daily": (7.0, 30.0, 365.0),
    "hour": (60.0, 3600.0),
    "hours": (60.0, 3600.0, 24.0),
    "minute": (60.0,),
    "minutes": (60.0,),
    "seconds": (60.0,),
    "foot": (12.0, 3.0),
    "feet": (12.0, 3.0),
    "inch": (12.0,),
    "inches": (12.0,),
    "yard": (3.0, 36.0),
    "yards": (3.0, 36.0),
    "pound": (16.0,),
    "pounds": (16.0,),
    "ounces": (16.0,),
    "gallon": (4.0, 16.0, 8.0),
    "gallons": (4.0, 16.0, 8.0),
    "decade": (10.0,),
    "decades": (10.0,),
    "century": (100.0,),
    "cents": (100.0, 0.01),
    "dime": (0.1, 10.0),
    "dimes": (0.1, 10.0),
    "nickel": (0.05, 5.0),
    "nickels": (0.05, 5.0),
    "penny": (0.01,),
    "pennies": (0.01,),
    "square": (4.0,),
    "pentagon": (5.0,),
    "hexagon": (6.0,),
    "octagon": (8.0,),
    "legs": (2.0, 4.0, 6.0, 8.0),
    "kilometers": (1000.0,),
    "meters": (100.0, 1000.0),
    "kilograms": (1000.0,),
    "kg": (1000.0,),
    "grams": (1000.0,),
    "liters": (1000.0,),
}


_COINS: Final = frozenset("cents dime dimes nickel nickels".split())


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity of a question: its values (a percentage has several) and its words.

    ``values`` are every form in which the quantity may stand in a calculation; the first is the
    number as written. ``is_figure`` is True for digits, False for a word.
    """

    values: tuple[float, ...]
    text: str
    is_figure: bool
    start: int

    @property
    def is_share(self) -> bool:
        """Whether it is a percentage or fraction, whose values are forms of one relation."""
        is_fraction = any(0 < value < 1 for value in self.values)
        return len(self.values) > 1 and is_fraction and self.text.lower() not in _COINS


@lru_cache(maxsize=32)
def read_quantities(question: str) -> tuple[Quantity, ...]:
    """Return the quantities of a question in reading order (its first 8,000 characters)."""
    head = question[:_MAX_READ]
    found = [_figure(match) for match in _FIGURE.finditer(head)]
    found += [
        Quantity(_NUMBER_WORDS[match.group().lower()], match.group(), False, match.start())  # noqa: FBT003 - a record field
        for match in _WORD.finditer(head)
        if match.group().lower() in _NUMBER_WORDS
    ]
    return tuple(sorted(found, key=lambda quantity: quantity.start))


def _figure(match: re.Match[str]) -> Quantity:
    value = float(match.group("number").replace(",", ""))
    tail = match.group("tail") or ""
    values: tuple[float, ...] = (value,)
    if "%" in tail or "percent" in tail:
        values = (value, value / 100, 1 - value / 100, 1 + value / 100, 100 - value, 100 + value)
    elif match.group("below") is not None and float(match.group("below")) != 0:
        below = float(match.group("below"))
        values = (value, value / below, below, 1 - value / below, below - value, 1 + value / below)
    return Quantity(values, match.group().strip(), True, match.start())  # noqa: FBT003 - a record field


def is_unit_word(quantity: Quantity) -> bool:
    """Whether the quantity is only implied by a word such as "week" or "dozen"."""
    return not quantity.is_figure and quantity.text.lower() not in {*_UNITS, *_TENS}
