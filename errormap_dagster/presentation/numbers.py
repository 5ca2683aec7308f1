"""Numbers as people read them."""

_FEW = 0.0005
_ONE_DIGIT = 0.1
_SMALL = 0.001
_SPACE = "\u00a0"
"""No line ends between a number and its sign."""


def percent(share: float | None) -> str:
    """A share of 0 to 1 in per cent: one digit below 10 %, none above; a dash for None."""
    if share is None:
        return "–"
    size = abs(share)
    if 0 < size < _FEW:
        return f"< 0.1{_SPACE}%"
    digits = 1 if 0 < size < _ONE_DIGIT else 0
    return f"{share * 100:.{digits}f}{_SPACE}%"


def points(difference: float) -> str:
    """A difference of two shares in percentage points, with its sign."""
    return f"{difference * 100:+.1f}".replace("-", "−")


def interval(low: float | None, high: float | None) -> str:
    """The ends of an interval of shares, in per cent."""
    if low is None or high is None:
        return "–"
    return f"{percent(low).removesuffix(f'{_SPACE}%')}–{percent(high)}"


def coefficient(value: float) -> str:
    """A number of -1 to 1 with two digits, such as kappa; no zero has a sign."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def probability(value: float) -> str:
    """A p-value or q-value."""
    return f"{value:.3f}" if value >= _SMALL else f"< {_SMALL}"


def count(number: float | None) -> str:
    """A whole number with separators; a dash for None."""
    return "–" if number is None else f"{number:,.0f}"


def usd(cost: float | None) -> str:
    """Dollars; a word for a price that nobody knows."""
    return "not known" if cost is None else f"${cost:,.4f}"


def step(share: float, top: float = 0.5) -> int:
    """Which of the ten shades stands for a share: 0 for none, 9 for ``top`` and above.

    Shades go by the square root: most shares are small, and their differences must be seen.
    """
    if share <= 0 or top <= 0:
        return 0
    return max(1, min(9, round((share / top) ** 0.5 * 9)))
