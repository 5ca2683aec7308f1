import pytest
from hypothesis import given
from hypothesis import strategies as st

from errormap_dagster.presentation.numbers import interval, percent, points, step
from errormap_dagster.presentation.scales import top_of
from errormap_dagster.presentation.shapes import flow, treemap


@given(st.lists(st.integers(0, 1000), max_size=30))
def test_the_areas_of_a_treemap_are_as_the_sizes(sizes: list[int]) -> None:
    boxes = treemap(sizes, 1000, 400)
    assert sorted(box.place for box in boxes) == [i for i, size in enumerate(sizes) if size]
    for box in boxes:
        share = box.width * box.height / 400_000
        assert share == pytest.approx(sizes[box.place] / sum(sizes), abs=0.01)
        assert box.x >= -0.1
        assert box.x + box.width <= 1000.2


@given(
    st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), st.integers(1, 50))
)
def test_a_flow_draws_every_error_once_on_each_side(counts: dict[tuple[str, str], int]) -> None:
    drawn = flow(counts, 0, 100, 400)
    total = sum(counts.values())
    assert sum(bar.n_errors for bar in drawn.left) == total
    assert sum(bar.n_errors for bar in drawn.right) == total
    assert {(r.source, r.target): r.n_errors for r in drawn.ribbons} == counts
    tops = [bar.y for bar in drawn.left]
    assert tops == sorted(tops)


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0 %"),
        (0.0001, "< 0.1 %"),
        (0.014, "1.4 %"),
        (0.416, "42 %"),
        (1.0, "100 %"),
        (None, "–"),
    ],
)
def test_shares_read_as_per_cent(share: float | None, shown: str) -> None:
    assert percent(share).replace("\u00a0", " ") == shown


def test_intervals_and_differences_read_as_people_write_them() -> None:
    assert interval(0.092, 0.23).replace("\u00a0", " ") == "9.2–23 %"
    assert points(-0.062) == "−6.2"
    assert points(0.0) == "+0.0"


@pytest.mark.parametrize(("share", "shade"), [(0, 0), (0.001, 1), (0.1, 4), (0.5, 9), (0.9, 9)])
def test_a_shade_tells_nothing_from_little(share: float, shade: int) -> None:
    assert step(share, 0.4) == shade


@pytest.mark.parametrize(("shares", "top"), [([], 0.1), ([0.1], 0.1), ([0.11], 0.2), ([1.0], 1.0)])
def test_an_axis_ends_at_the_next_tenth(shares: list[float], top: float) -> None:
    assert top_of(shares) == top
