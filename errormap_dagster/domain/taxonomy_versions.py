"""Versions of taxonomies and the decisions about them, as rows of the four taxonomy tables.

Versions, their categories and their changes are added and never changed; only the status of a
version moves, and each move is a row of ``taxonomy_decisions``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import polars as pl

from errormap_dagster.contracts.registry import empty_frame, polars_schema
from errormap_dagster.domain.change_evidence import NO_EVIDENCE, Agreement, Evidence
from errormap_dagster.domain.growth import ChangeType
from errormap_dagster.domain.identity import content_id
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import TaxonomyError, content_hash, validate_categories
from errormap_dagster.domain.taxonomy_changes import Change, changes_between


class Status(StrEnum):
    """Whether a version is in force; one version of a taxonomy is at a time."""

    CANDIDATE = "candidate"
    APPROVED = "approved"
    RETIRED = "retired"


class TaxonomyFrames(NamedTuple):
    """Rows of taxonomy_versions, _categories, _changes and _decisions."""

    versions: pl.DataFrame
    categories: pl.DataFrame
    changes: pl.DataFrame
    decisions: pl.DataFrame


class VersionKey(NamedTuple):
    """A version of a taxonomy."""

    taxonomy: str
    version: int

    def __str__(self) -> str:
        return f"{self.taxonomy}@{self.version}"


@dataclass(frozen=True, slots=True)
class VersionOrigin:
    """Who made a version, of what, when and in which run.

    Attributes:
        actor: a judge, a person, a file or this package.
        judge: who judged; None for a taxonomy that no judge made.
        prompt_version: of the judge's prompt or rules; None without a judge.
        error_ids: ids of the errors that it was made from.
        reason: why it was made.
        created_at: in UTC.
        run_id: the run.
    """

    actor: str
    judge: str | None
    prompt_version: str | None
    error_ids: tuple[str, ...]
    reason: str
    created_at: datetime
    run_id: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Who moved a version to a status, why, when and in which run."""

    key: VersionKey
    status: Status
    actor: str
    reason: str
    decided_at: datetime
    run_id: str


def empty_taxonomies() -> TaxonomyFrames:
    """No version at all."""
    names = ("versions", "categories", "changes", "decisions")
    return TaxonomyFrames(*(empty_frame(f"taxonomy_{name}") for name in names))


def newest_version(tables: TaxonomyFrames, taxonomy: str) -> int:
    """The highest number of a taxonomy; 0 when it has no version."""
    numbers = tables.versions.filter(pl.col("taxonomy") == taxonomy)["version"]
    return max(numbers.to_list(), default=0)


def errors_hash(error_ids: Iterable[str]) -> str:
    """SHA-256 over the ids of the errors that a version is made from, in whatever order."""
    return content_id(*sorted(error_ids), length=64)


def add_version(
    tables: TaxonomyFrames,
    key: VersionKey,
    categories: Sequence[Category],
    changes: Sequence[tuple[Change, Evidence]],
    origin: VersionOrigin,
    parent_version: int | None,
) -> TaxonomyFrames:
    """The tables with one version more, which has no status yet: see ``decide``.

    Raises:
        TaxonomyError: the categories are no usable tree.
    """
    validate_categories(categories)
    named = key._asdict()
    version = {
        **named,
        "status": Status.CANDIDATE.value,
        "parent_version": parent_version,
        "content_hash": content_hash(categories),
        "n_categories": len(categories),
        "n_errors": len(origin.error_ids),
        "errors_hash": errors_hash(origin.error_ids),
        "judge": origin.judge,
        "prompt_version": origin.prompt_version,
        "actor": origin.actor,
        "reason": origin.reason,
        "created_at": origin.created_at,
        "run_id": origin.run_id,
    }
    return TaxonomyFrames(
        _with_rows("taxonomy_versions", tables.versions, [version]),
        _with_rows(
            "taxonomy_categories",
            tables.categories,
            [{**named, **asdict(category)} for category in categories],
        ),
        _with_rows(
            "taxonomy_changes",
            tables.changes,
            [{**named, **_change_row(key, *told, origin.actor)} for told in changes],
        ),
        tables.decisions,
    )


def _with_rows(
    table: str, frame: pl.DataFrame, rows: Sequence[Mapping[str, object]]
) -> pl.DataFrame:
    return pl.concat([frame, pl.DataFrame(rows, schema=polars_schema(table))])


def _change_row(
    key: VersionKey, change: Change, evidence: Evidence, actor: str
) -> dict[str, object]:
    kind, ends = change.change_type.value, (change.from_category_ids, change.to_category_ids)
    return {
        "change_id": content_id(*key, kind, *(part for ids in ends for part in (len(ids), *ids))),
        "change_type": kind,
        "from_category_ids": list(ends[0]),
        "to_category_ids": list(ends[1]),
        "reason": change.reason,
        "actor": actor,
        "new_values": json.dumps(change.new_values, sort_keys=True, ensure_ascii=False),
        "n_errors": evidence.n_errors,
        "n_errors_followed": evidence.n_errors_followed,
        "example_prediction_ids": list(evidence.example_prediction_ids),
        "agreement": evidence.agreement.value,
        "agreement_detail": evidence.detail,
    }


def add_first_version(
    tables: TaxonomyFrames,
    key: VersionKey,
    categories: Sequence[Category],
    origin: VersionOrigin,
    decision: Decision,
) -> TaxonomyFrames:
    """The tables with a version that has no parent, every category added, decided upon at once.

    Raises:
        TaxonomyError: the categories are no usable tree.
    """
    changes = changes_between((), categories, reason=origin.reason).changes
    told = [(change, NO_EVIDENCE) for change in changes]
    return decide(add_version(tables, key, categories, told, origin, None), decision)


def decide(tables: TaxonomyFrames, decision: Decision) -> TaxonomyFrames:
    """The tables after a decision; approving a version retires the one that was in force.

    Raises:
        TaxonomyError: there is no such version, it has that status already, or the decision does
            not say who made it and why.
    """
    _require_decidable(tables, decision)
    told = [decision]
    if decision.status is Status.APPROVED:
        told += [
            Decision(
                other,
                Status.RETIRED,
                decision.actor,
                f"version {decision.key.version} takes its place",
                decision.decided_at,
                decision.run_id,
            )
            for other in versions_in(tables, Status.APPROVED)
            if other.taxonomy == decision.key.taxonomy and other != decision.key
        ]
    number = tables.decisions.height
    rows = [
        {
            **entry.key._asdict(),
            "decision_number": number + place,
            "status": entry.status.value,
            "actor": entry.actor.strip(),
            "reason": entry.reason.strip(),
            "decided_at": entry.decided_at,
            "run_id": entry.run_id,
        }
        for place, entry in enumerate(told, start=1)
    ]
    decisions = _with_rows("taxonomy_decisions", tables.decisions, rows)
    statuses = {entry.key: entry.status.value for entry in told}
    return tables._replace(versions=_with_statuses(tables.versions, statuses), decisions=decisions)


def _require_decidable(tables: TaxonomyFrames, decision: Decision) -> None:
    wanted = decision.key
    known = {VersionKey(*row[:2]): row[2] for row in _statuses(tables)}
    if wanted not in known:
        told = ", ".join(map(str, known)) or "none"
        raise TaxonomyError(f"There is no version {wanted}. Versions: {told}.")
    if not decision.actor.strip() or not decision.reason.strip():
        raise TaxonomyError(f"{wanted}: a decision says who made it (by) and why (reason).")
    is_first = decision.status is Status.CANDIDATE
    if known[wanted] == decision.status.value and not is_first:
        raise TaxonomyError(f"{wanted} is {decision.status.value} already. Nothing was changed.")


def _statuses(tables: TaxonomyFrames) -> list[tuple[str, int, str]]:
    chosen = tables.versions.select("taxonomy", "version", "status").sort("taxonomy", "version")
    return list(chosen.iter_rows())


def versions_in(tables: TaxonomyFrames, status: Status) -> list[VersionKey]:
    """The versions of a status, sorted."""
    return [VersionKey(name, number) for name, number, is_ in _statuses(tables) if is_ == status]


def _with_statuses(versions: pl.DataFrame, statuses: Mapping[VersionKey, str]) -> pl.DataFrame:
    moved = [
        statuses.get(VersionKey(name, number), status)
        for name, number, status in versions.select("taxonomy", "version", "status").iter_rows()
    ]
    return versions.with_columns(pl.Series("status", moved, pl.String))


def changes_from(rows: pl.DataFrame) -> list[tuple[Change, Evidence]]:
    """Changes and their evidence from rows of ``taxonomy_changes``, in their order."""
    return [
        (
            Change(
                ChangeType(row["change_type"]),
                tuple(row["from_category_ids"]),
                tuple(row["to_category_ids"]),
                row["reason"],
                json.loads(row["new_values"]),
            ),
            Evidence(
                row["n_errors"],
                row["n_errors_followed"],
                tuple(row["example_prediction_ids"]),
                Agreement(row["agreement"]),
                row["agreement_detail"],
            ),
        )
        for row in rows.iter_rows(named=True)
    ]
