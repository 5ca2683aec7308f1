"""Ids of a grown tree, and what is claimed of the base that it was grown on."""

from errormap_dagster.domain.growth import (
    Branch,
    Draft,
    Growth,
    InductionStep,
    Level,
    StepOperation,
)
from errormap_dagster.domain.lineage import growth_of
from errormap_dagster.domain.records import JudgedError
from errormap_dagster.domain.taxonomy import validate_categories

STEP = InductionStep(
    0, StepOperation.GENERATE, None, 1, 1, (("A", "a"),), is_changed=False, reason="why"
)


def branch(
    name: str, *below: Branch, builds_on: tuple[str, ...] = (), text: str = "text"
) -> Branch:
    steps = (STEP,) if below else ()
    return Branch(
        Draft(name, text, builds_on, f"made {name}"),
        (JudgedError("p", f"title of {name}", "summary"),),
        Level(below, steps),
    )


def grown(*branches: Branch, base: Growth | None = None) -> Growth:
    return growth_of(Level(branches, (STEP,)), base.categories if base else ())


def ids(growth: Growth) -> dict[str, str]:
    return {category.name: category.category_id for category in growth.categories}


def test_ids_follow_from_names_and_places_and_the_tree_is_valid() -> None:
    first = grown(branch("A", branch("Same")), branch("B", branch("Same")))
    validate_categories(first.categories)
    assert len({category.category_id for category in first.categories}) == 4
    assert first == grown(branch("A", branch("Same")), branch("B", branch("Same")))
    assert first.claims == ()


def test_steps_are_numbered_and_know_the_category_that_they_divide() -> None:
    first = grown(branch("A", branch("B", branch("C"))))
    above = [step.parent_category_id for step in first.steps]
    assert [step.number for step in first.steps] == [1, 2, 3]
    assert above == [None, ids(first)["A"], ids(first)["B"]]


def test_a_new_name_and_another_place_leave_the_id() -> None:
    first = grown(branch("A", branch("Child")), branch("B"))
    known = ids(first)
    moved = branch("Child", builds_on=(known["Child"],))
    second = grown(
        branch("New name", builds_on=(known["A"],)),
        branch("B", moved, builds_on=(known["B"],)),
        base=first,
    )
    assert ids(second) == {
        "New name": known["A"],
        "B": known["B"],
        "Child": known["Child"],
    }
    told = [(claim.change_type.value, claim.to_category_ids) for claim in second.claims]
    assert told == [("renamed", (known["A"],)), ("moved", (known["Child"],))]


def test_a_name_that_comes_back_without_being_named_as_continued_is_the_same_category() -> None:
    first = grown(branch("A"), branch("B", branch("Deep")))
    second = grown(
        branch("A"), branch("B", builds_on=(ids(first)["B"],)), branch("Deep"), base=first
    )
    assert ids(second) == ids(first)
    assert [claim.change_type.value for claim in second.claims] == ["moved"]


def test_a_new_category_under_an_old_name_gets_another_id() -> None:
    first = grown(branch("A"))
    second = grown(branch("B", builds_on=(ids(first)["A"],)), branch("A"), base=first)
    assert ids(second)["B"] == ids(first)["A"]
    assert ids(second)["A"] != ids(first)["A"]
    assert len(set(ids(second).values())) == 2


def test_what_nothing_continues_is_retired_with_the_reason_that_was_kept() -> None:
    first = grown(branch("A"), branch("B"))
    top = Level((branch("A"),), (), {ids(first)["B"]: "said nothing"})
    (claim,) = growth_of(top, first.categories).claims
    assert (claim.from_category_ids, claim.reason) == ((ids(first)["B"],), "said nothing")


def test_words_that_stay_keep_their_examples() -> None:
    first = grown(branch("A"))
    again = branch("A")
    other = Branch(again.draft, (JudgedError("q", "another", "example"),), Level())
    assert grown(other, base=first).categories == first.categories


def test_the_example_is_the_shortest_of_the_most_frequent_title() -> None:
    errors = [
        JudgedError("1", "often", "a long summary"),
        JudgedError("2", "often", "short"),
        JudgedError("3", "once", "s"),
    ]
    own = Branch(Draft("A", "a"), tuple(errors), Level())
    (category,) = grown(own).categories
    assert category.example == "often: short"
    assert category.counter_example == "There is no other category at this place."
    assert grown(Branch(Draft("A", "a"), (), Level())).categories[0].example
