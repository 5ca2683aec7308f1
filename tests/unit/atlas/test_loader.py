from errormap_dagster.atlas.loader import load_atlas

CONFIRMED = {
    "Missing Required Element",
    "Specification Misinterpretation",
    "Logical Reasoning Error",
}


def test_the_atlas_has_seventeen_described_categories() -> None:
    atlas = load_atlas()
    assert len(atlas) == 17
    for category in atlas:
        assert category.depth == 1
        assert 5 <= len(category.description.split()) <= 30
        assert category.example
        assert category.counter_example
        assert len(category.name.split()) <= 5


def test_only_confirmed_names_are_marked_as_confirmed() -> None:
    marked = {c.name for c in load_atlas() if c.origin == "erroratlas_confirmed"}
    assert marked == CONFIRMED


def test_priorities_leave_no_tie() -> None:
    priorities = [category.priority for category in load_atlas()]
    assert priorities == sorted(set(priorities))
