"""A version is its parent and its changes, whatever was done to it and whatever is claimed."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from errormap_dagster.domain.growth import ChangeClaim, ChangeType
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import content_hash, validate_categories
from errormap_dagster.domain.taxonomy_changes import apply_changes, changes_between

IDS = [f"c{number}" for number in range(9)]
WORDS = st.sampled_from(["slip", "sum", "unit", "step"])


@st.composite
def trees(draw: st.DrawFn) -> list[Category]:
    """Trees of up to three levels over the same few ids."""
    chosen = draw(st.permutations(IDS))[: draw(st.integers(1, len(IDS)))]
    placed: list[Category] = []
    for place, category_id in enumerate(chosen):
        above = [c for c in placed if c.depth < 3 and c.rule is None]
        parent = draw(st.sampled_from([None, *above]))
        placed.append(
            Category(
                category_id=category_id,
                parent_category_id=parent.category_id if parent else None,
                depth=parent.depth + 1 if parent else 1,
                name=f"{draw(WORDS)} {place}",
                description=draw(WORDS),
                example=draw(WORDS),
                counter_example="",
                priority=draw(st.integers(1, 3)),
                origin="induced",
                rule=draw(st.sampled_from([None, "a+"])),
                listed_prediction_ids=(),
            )
        )
    return placed


NAMES = st.lists(st.sampled_from([*IDS, "of no version"]), max_size=4, unique=True).map(tuple)
CLAIMS = st.lists(
    st.builds(ChangeClaim, st.sampled_from(ChangeType), NAMES, NAMES, st.just("said so")),
    max_size=6,
)


@given(parent=st.one_of(st.just([]), trees()), child=trees(), claims=CLAIMS)
def test_a_version_is_its_parent_and_its_changes(
    parent: Sequence[Category], child: Sequence[Category], claims: list[ChangeClaim]
) -> None:
    validate_categories(child)
    found = changes_between(parent, child, claims)
    made = apply_changes(parent, found.changes)
    validate_categories(made)
    assert content_hash(made) == content_hash(child)
    keys = [(c.change_type, c.from_category_ids, c.to_category_ids) for c in found.changes]
    assert len(set(keys)) == len(keys)


@given(tree=trees(), claims=CLAIMS)
def test_between_equal_versions_nothing_changes_whatever_is_claimed(
    tree: Sequence[Category], claims: list[ChangeClaim]
) -> None:
    singles = [c for c in claims if c.change_type not in {ChangeType.MERGED, ChangeType.SPLIT}]
    found = changes_between(tree, tree, singles)
    assert found.changes == ()
    assert found.unfounded == tuple(singles)
