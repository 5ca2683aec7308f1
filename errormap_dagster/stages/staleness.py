"""What a run would make, and why: the fingerprints that stand against those of now."""

from typing import NamedTuple

from errormap_dagster.project import Project

_BY_EVALUATION = ("raw_predictions", "failures", "judged_errors", "category_assignments")


class PendingWork(NamedTuple):
    """A table that is missing or stale."""

    table: str
    reason: str


def pending_work(project: Project) -> list[PendingWork]:
    """What is missing or stale, in the order in which a run makes it.

    A table below a stale one is told as waiting: whether it changes is known when the one above
    has been made.
    """
    marks = project.fingerprints
    pending: list[PendingWork] = []
    if n_files := len(project.landing.pending_files()):
        pending.append(PendingWork("landed_files", f"{n_files} new or changed files"))
    for table in _BY_EVALUATION:
        if stale := marks.pending_evaluations(table):
            made = sum(project.store.n_rows(table, e._asdict()) > 0 for e in stale)
            told = f"{len(stale)} evaluations, {len(stale) - made} of them new"
            pending.append(PendingWork(table, told))
    for table, mark in (
        ("failure_ledger", marks.failure_ledger()),
        ("signatures", marks.signatures()),
    ):
        if project.store.fingerprint(table) != mark:
            pending.append(PendingWork(table, "the tables it is made from have changed"))
    built = project.home.warehouse_mark
    known = built.read_text(encoding="utf-8") if built.exists() else ""
    if pending or known != marks.warehouse():
        pending.append(PendingWork("warehouse", "the tables that dbt reads have changed"))
    return pending
