"""The ends of axes."""

import math
from collections.abc import Iterable


def top_of(shares: Iterable[float]) -> float:
    """The end of an axis that holds all shares: the next tenth, 0.1 to 1."""
    highest = max(shares, default=0.0)
    return min(1.0, max(1, math.ceil(highest * 10 - 1e-9)) / 10)
