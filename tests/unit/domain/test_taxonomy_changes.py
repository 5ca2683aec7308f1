"""The seven kinds of change, and what the errors say of each."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
import pytest

from errormap_dagster.domain.change_evidence import Agreement, EvidenceOfChanges
from errormap_dagster.domain.growth import ChangeClaim, ChangeType
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.row_flow import ABSENT, row_flow
from errormap_dagster.domain.taxonomy_changes import Change, changes_between


def category(key: str, parent: str | None = None, depth: int = 1) -> Category:
    return Category(key, parent, depth, f"Name of {key}", "what", "e", "c", 1, "induced")


BEFORE = [category(key) for key in "abcde"]
A, B, C, D, E = BEFORE


def claim(kind: ChangeType, sources: str, targets: str, reason: str = "because") -> ChangeClaim:
    return ChangeClaim(kind, tuple(sources), tuple(targets), reason)


@pytest.mark.parametrize(
    ("after", "claims", "expected"),
    [
        pytest.param(
            [A, B, C, D, E, category("n")], [], ("added", (), ("n",)), id="a new id is an addition"
        ),
        pytest.param([A, B, C, D], [], ("retired", ("e",), ()), id="a lost id is a retirement"),
        pytest.param(
            [A, B, C, D, replace(E, name="New")], [], ("renamed", ("e",), ("e",)), id="renamed"
        ),
        pytest.param(
            [A, B, C, D, replace(E, example="n")], [], ("reworded", ("e",), ("e",)), id="reworded"
        ),
        pytest.param(
            [A, B, C, D, category("e", "a", 2)], [], ("moved", ("e",), ("e",)), id="moved"
        ),
        pytest.param(
            [A, B, C, category("m")],
            [claim(ChangeType.MERGED, "de", "m")],
            ("merged", ("d", "e"), ("m",)),
            id="merged into a new one",
        ),
        pytest.param(
            [A, B, C, D],
            [claim(ChangeType.MERGED, "e", "d")],
            ("merged", ("d", "e"), ("d",)),
            id="merged into one that stands",
        ),
        pytest.param(
            [A, B, C, D, category("x"), category("y")],
            [claim(ChangeType.SPLIT, "e", "xy")],
            ("split", ("e",), ("x", "y")),
            id="split",
        ),
        pytest.param(
            [A, B, C, D, E, category("x")],
            [claim(ChangeType.SPLIT, "e", "x")],
            ("split", ("e",), ("e", "x")),
            id="split off, and the rest keeps its id",
        ),
    ],
)
def test_each_kind_of_change_is_one_row(
    after: Sequence[Category], claims: list[ChangeClaim], expected: tuple[object, ...]
) -> None:
    found = changes_between(BEFORE, after, claims)
    told = [(c.change_type.value, c.from_category_ids, c.to_category_ids) for c in found.changes]
    assert told == [expected]
    assert found.unfounded == ()


def test_a_claim_that_the_trees_do_not_bear_out_is_told_and_makes_no_change() -> None:
    claims = [claim(ChangeType.MERGED, "ab", "c"), claim(ChangeType.RENAMED, "a", "a")]
    found = changes_between(BEFORE, BEFORE, claims)
    assert found.changes == ()
    assert found.unfounded == tuple(claims)


def test_the_reason_of_a_change_is_that_of_its_claim_and_else_the_default() -> None:
    after = [replace(A, name="One"), replace(B, name="Two"), C, D, E]
    claims = [claim(ChangeType.RENAMED, "a", "a", "clearer")]
    found = changes_between(BEFORE, after, claims, reason="grown anew")
    assert [change.reason for change in found.changes] == ["clearer", "grown anew"]


def assignments(places: str) -> pl.DataFrame:
    """Error 0 in the place of the first letter, and so on; ``-`` is unassigned."""
    ids = [None if place == "-" else place for place in places]
    return pl.DataFrame(
        {
            "prediction_id": [f"p{number:02}" for number in range(len(places))],
            "category_id": ids,
            "status": ["assigned" if i else "unassigned" for i in ids],
        },
        schema={"prediction_id": pl.String, "category_id": pl.String, "status": pl.String},
    )


def test_the_flow_sums_to_the_errors_of_either_version() -> None:
    flow = row_flow(assignments("aab-"), assignments("axb-c"))
    assert flow["n_errors"].sum() == 5
    assert flow.filter(pl.col("from_category_id") != ABSENT)["n_errors"].sum() == 4
    assert flow.rows() == [
        ("a", "a", 1, ["p00"]),
        ("a", "x", 1, ["p01"]),
        ("absent", "c", 1, ["p04"]),
        ("b", "b", 1, ["p02"]),
        ("unassigned", "unassigned", 1, ["p03"]),
    ]


AFTER = [category("a"), category("x"), category("y"), category("z", "x", 2)]


@pytest.mark.parametrize(
    ("kind", "ends", "flow", "agreement", "told"),
    [
        (ChangeType.RENAMED, "a>a", ("aaab", "aaxa"), "agrees", "2 of 3 errors"),
        (ChangeType.RENAMED, "a>a", ("aab", "axa"), "disagrees", "1 of 2 errors"),
        (ChangeType.MERGED, "bc>x", ("bbbc", "xxxx"), "agrees", "4 of 4 errors"),
        (ChangeType.MERGED, "bc>x", ("bbbc", "xxxy"), "disagrees", "3 of 4 errors"),
        (ChangeType.MERGED, "bc>x", ("bbc", "zzz"), "agrees", "3 of 3 errors"),
        (ChangeType.SPLIT, "b>xy", ("bbb", "xxy"), "agrees", "into 2 of 2 parts"),
        (ChangeType.SPLIT, "b>xy", ("bbb", "xxx"), "disagrees", "into 1 of 2 parts"),
        (ChangeType.ADDED, ">x", ("bba-", "xxxx"), "agrees", "2 of 4 errors came from"),
        (ChangeType.ADDED, ">x", ("bbba", "xxxx"), "disagrees", "3 of 4 errors came from"),
        (ChangeType.ADDED, ">x", ("---", "xxx"), "agrees", "no other category"),
        (ChangeType.RETIRED, "b>", ("bbb", "xxy"), "disagrees", "2 of 3 errors went to"),
        (ChangeType.RETIRED, "b>", ("bbb", "xy-"), "agrees", "1 of 3 errors went to"),
        (ChangeType.RETIRED, "b>", ("a", "a"), "not_checked", "no error speaks of it"),
    ],
)
def test_what_a_change_claims_is_held_against_where_the_errors_went(
    kind: ChangeType, ends: str, flow: tuple[str, str], agreement: str, told: str
) -> None:
    sources, targets = (tuple(part) for part in ends.split(">"))
    between = row_flow(*map(assignments, flow))
    evidence = EvidenceOfChanges(BEFORE, AFTER, between)
    found = evidence.of(Change(kind, sources, targets, "because"))
    assert found.agreement is Agreement(agreement)
    assert told in found.detail


def test_a_category_that_is_divided_further_agrees_with_its_parent() -> None:
    """The errors of a new category below a standing one came from it by nature."""
    between = row_flow(assignments("aaa"), assignments("nnn"))
    evidence = EvidenceOfChanges(BEFORE, [category("a"), category("n", "a", 2)], between)
    assert evidence.of(Change(ChangeType.ADDED, (), ("n",), "r")).agreement is Agreement.AGREES
