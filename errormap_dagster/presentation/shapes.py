"""Where the marks of the plots go: pure geometry, in the units of a picture."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import squarify

_GAP = 6.0


class Box(NamedTuple):
    """A rectangle for the item at ``place``."""

    place: int
    x: float
    y: float
    width: float
    height: float


def treemap(sizes: Sequence[float], width: float, height: float) -> list[Box]:
    """Rectangles whose areas are as the sizes, filling the picture; none for a size of 0.

    Args:
        sizes: at least 0, in the order of the items.
        width: of the picture.
        height: of the picture.
    """
    order = sorted((i for i, size in enumerate(sizes) if size > 0), key=lambda i: (-sizes[i], i))
    if not order:
        return []
    normed = squarify.normalize_sizes([sizes[i] for i in order], width, height)
    placed = squarify.squarify(normed, 0, 0, width, height)
    return [
        Box(place, *(round(float(box[side]), 1) for side in ("x", "y", "dx", "dy")))
        for place, box in zip(order, placed, strict=True)
    ]


class Bar(NamedTuple):
    """The errors of one category on one side of a flow."""

    key: str
    n_errors: int
    y: float
    height: float


class Ribbon(NamedTuple):
    """The errors that two bars have in common, with the outline between them."""

    source: str
    target: str
    n_errors: int
    path: str


class Flow(NamedTuple):
    """Two columns of bars and the ribbons between them."""

    left: list[Bar]
    right: list[Bar]
    ribbons: list[Ribbon]
    height: float


def flow(counts: Mapping[tuple[str, str], int], left: float, right: float, height: float) -> Flow:
    """Bars as high as their errors, and ribbons from left to right.

    Args:
        counts: errors by source and target.
        left: where the ribbons start.
        right: where they end.
        height: of the higher column, its gaps left out.
    """
    total = sum(counts.values()) or 1
    sides = [_column(counts, side, height / total) for side in (0, 1)]
    bars = [{bar.key: bar for bar in side} for side in sides]
    used: list[dict[str, float]] = [{}, {}]
    # A ribbon leaves its bar in the order of the bars on the other side, so that few cross.
    places = [{key: place for place, key in enumerate(side)} for side in bars]
    ordered = sorted(counts, key=lambda pair: (places[0][pair[0]], places[1][pair[1]]))
    ribbons: list[Ribbon] = []
    for pair in ordered:
        thick = counts[pair] * height / total
        ends: list[float] = []
        for side, key in enumerate(pair):
            ends.append(bars[side][key].y + used[side].get(key, 0.0))
            used[side][key] = used[side].get(key, 0.0) + thick
        ribbons.append(Ribbon(pair[0], pair[1], counts[pair], _outline(left, right, ends, thick)))
    lowest = max(bar.y + bar.height for side in sides for bar in side) if counts else 0.0
    return Flow(sides[0], sides[1], ribbons, round(lowest, 1))


def _column(counts: Mapping[tuple[str, str], int], side: int, unit: float) -> list[Bar]:
    sums: dict[str, int] = {}
    for pair, n_errors in counts.items():
        sums[pair[side]] = sums.get(pair[side], 0) + n_errors
    bars: list[Bar] = []
    y = 0.0
    for key, n_errors in sorted(sums.items(), key=lambda item: (-item[1], item[0])):
        bars.append(Bar(key, n_errors, round(y, 1), round(n_errors * unit, 1)))
        # A label needs its line, however few the errors.
        y += max(n_errors * unit, _GAP * 2) + _GAP
    return bars


def _outline(left: float, right: float, ends: list[float], thick: float) -> str:
    middle = (left + right) / 2
    start, end = ends
    return (
        f"M{left:g} {start:.1f}C{middle:g} {start:.1f} {middle:g} {end:.1f} {right:g} {end:.1f}"
        f"v{thick:.1f}"
        f"C{middle:g} {end + thick:.1f} {middle:g} {start + thick:.1f} {left:g} "
        f"{start + thick:.1f}Z"
    )
