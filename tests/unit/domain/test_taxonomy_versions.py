"""Versions are added, decisions move their status, and nothing else changes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from errormap_dagster.contracts.check import violations
from errormap_dagster.domain.change_evidence import NO_EVIDENCE
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import TaxonomyError
from errormap_dagster.domain.taxonomy_changes import apply_changes, changes_between
from errormap_dagster.domain.taxonomy_versions import (
    Decision,
    Status,
    TaxonomyFrames,
    VersionKey,
    VersionOrigin,
    add_version,
    changes_from,
    decide,
    empty_taxonomies,
    newest_version,
    versions_in,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ORIGIN = VersionOrigin("judge", "judge", "v1", ("p", "q"), "grown", NOW, "run")
TREE = [
    Category(key, None, 1, f"Name of {key}", "what", "e", "c", 1, "induced") for key in ("a", "b")
]
NEXT = [TREE[0], replace(TREE[1], name="New", rule="x")]


def with_versions(*numbers: int) -> TaxonomyFrames:
    """Versions of one taxonomy, all candidates."""
    tables = empty_taxonomies()
    for number in numbers:
        tree = TREE if number == 1 else NEXT
        told = [
            (c, NO_EVIDENCE) for c in changes_between([] if number == 1 else TREE, tree).changes
        ]
        key = VersionKey("induced", number)
        tables = add_version(tables, key, tree, told, ORIGIN, number - 1 or None)
    return tables


def after(tables: TaxonomyFrames, decisions: Iterable[tuple[int, Status]]) -> TaxonomyFrames:
    for version, status in decisions:
        key = VersionKey("induced", version)
        tables = decide(tables, Decision(key, status, "Ada", "as told", NOW, "run"))
    return tables


def test_the_tables_keep_their_contracts() -> None:
    tables = after(with_versions(1, 2), [(1, Status.APPROVED), (2, Status.APPROVED)])
    named = ("versions", "categories", "changes", "decisions")
    for name, frame in zip(named, tables, strict=True):
        assert violations(f"taxonomy_{name}", frame) == []
    assert newest_version(tables, "induced") == 2
    assert newest_version(tables, "another") == 0


def test_changes_come_back_from_their_rows() -> None:
    rows = with_versions(1, 2).changes.filter(version=2)
    changes = [change for change, _ in changes_from(rows)]
    assert apply_changes(TREE, changes) == NEXT


def test_one_version_is_in_force_and_a_roll_back_is_an_approval() -> None:
    ways = [(1, Status.APPROVED), (2, Status.CANDIDATE), (2, Status.APPROVED), (1, Status.APPROVED)]
    tables = with_versions(1, 2)
    in_force: list[list[VersionKey]] = []
    for way in ways:
        tables = after(tables, [way])
        in_force.append(versions_in(tables, Status.APPROVED))
    assert [[key.version for key in keys] for keys in in_force] == [[1], [1], [2], [1]]
    assert tables.decisions.select("decision_number", "version", "status").rows() == [
        (1, 1, "approved"),
        (2, 2, "candidate"),
        (3, 2, "approved"),
        (4, 1, "retired"),
        (5, 1, "approved"),
        (6, 2, "retired"),
    ]
    assert tables.categories.equals(with_versions(1, 2).categories)


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        (Decision(VersionKey("induced", 9), Status.APPROVED, "Ada", "r", NOW, "run"), "induced@1"),
        (Decision(VersionKey("induced", 1), Status.APPROVED, " ", "r", NOW, "run"), "who made it"),
        (Decision(VersionKey("induced", 1), Status.RETIRED, "Ada", "", NOW, "run"), "why"),
    ],
)
def test_a_decision_names_a_version_a_person_and_a_reason(decision: Decision, told: str) -> None:
    with pytest.raises(TaxonomyError, match=told):
        decide(with_versions(1), decision)


def test_what_is_in_force_is_not_approved_again() -> None:
    tables = after(with_versions(1), [(1, Status.APPROVED)])
    with pytest.raises(TaxonomyError, match="approved already"):
        after(tables, [(1, Status.APPROVED)])
