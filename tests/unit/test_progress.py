from errormap_dagster import progress


class Seen:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, int | None]] = []

    def begin(self, work: str, total: int | None) -> None:
        """Note the beginning."""
        self.heard.append(("begin", work, total))

    def advance(self, work: str, steps: int) -> None:
        """Note the steps."""
        self.heard.append(("advance", work, steps))


def test_whoever_listens_hears_of_every_step() -> None:
    seen = Seen()
    with progress.shown_by(seen):
        assert list(progress.track(["a", "b"], "letters")) == ["a", "b"]
    assert seen.heard == [
        ("begin", "letters", 2),
        ("advance", "letters", 1),
        ("advance", "letters", 1),
    ]


def test_work_without_items_is_not_announced() -> None:
    seen = Seen()
    with progress.shown_by(seen):
        assert list(progress.track([], "nothing")) == []
    assert seen.heard == []


def test_without_a_listener_work_goes_on() -> None:
    assert list(progress.track([1, 2, 3], "numbers")) == [1, 2, 3]
