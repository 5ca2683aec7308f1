"""What a run would make, and why: the fingerprints that stand against those of now."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from errormap_dagster.evaluations import Evaluation
from errormap_dagster.fingerprints import Fingerprints
from errormap_dagster.parts import NEVER_MADE, REASONS, changed_parts
from errormap_dagster.project import Project
from errormap_dagster.stages.gold import verdict_text
from errormap_dagster.stages.proposals import changed_files
from errormap_dagster.stages.publishing import is_report_fresh
from errormap_dagster.stages.results import evaluation_rows
from errormap_dagster.stages.trust import trust_fingerprint
from errormap_dagster.tables import (
    ABOVE,
    BY_EVALUATION,
    COMPARISON_TABLES,
    GOLD_TABLES,
    PROFILE_TABLES,
    TRUST_TABLES,
)

PICKS = "informative_correct_predictions"
WAREHOUSE = "warehouse"
REPORT = "report"
AFTER_THE_TABLES = (WAREHOUSE, REPORT)


class PendingWork(NamedTuple):
    """A table that is missing or stale."""

    table: str
    reason: str


def pending_work(project: Project) -> list[PendingWork]:
    """What is missing or stale, in the order in which a run makes it, and why."""
    pending: list[PendingWork] = []
    if n_files := len(project.landing.pending_files()):
        pending.append(PendingWork("landed_files", f"{n_files} new or changed files"))
    for table in BY_EVALUATION:
        pending += _pending_evaluations(project, table)
        if table == "raw_predictions":
            pending += _pending_picks(project, are_predictions_pending=bool(pending))
    pending += _pending_results(project, is_work_above=bool(pending))
    built = project.home.warehouse_mark
    known = built.read_text(encoding="utf-8") if built.exists() else None
    if pending or known != project.fingerprints.warehouse():
        why = "the tables that dbt reads change" if known else NEVER_MADE
        pending.append(PendingWork(WAREHOUSE, why))
    if pending or not is_report_fresh(project):
        why = "the tables it tells of change" if project.home.report.exists() else NEVER_MADE
        pending.append(PendingWork(REPORT, why))
    return pending


def evaluations_with_work(project: Project) -> list[Evaluation]:
    """Every evaluation of which a run would make at least one table, sorted."""
    marks = project.fingerprints
    return sorted({e for table in BY_EVALUATION for e in marks.pending_evaluations(table)})


def reason_of(marks: Fingerprints, table: str, evaluation: Evaluation) -> str:
    """Why the rows of an evaluation are stale, in words, by the change that is the cause.

    What changes only because a table above changes has the reason of that table.
    """
    changes = marks.changes(table, evaluation)
    if not changes:
        return NEVER_MADE
    if changes == [ABOVE.get(table)] and not marks.is_fresh(ABOVE[table], evaluation):
        return reason_of(marks, ABOVE[table], evaluation)
    told = [REASONS[name] for name in changes if name != ABOVE.get(table)]
    return " and ".join(told) or REASONS[changes[0]]


def _counted(reasons: Iterable[str]) -> str:
    counts = sorted(Counter(reasons).items(), key=lambda entry: (-entry[1], entry[0]))
    return "; ".join(f"{n} evaluation{'s' if n > 1 else ''}: {why}" for why, n in counts)


def _pending_evaluations(project: Project, table: str) -> list[PendingWork]:
    marks = project.fingerprints
    stale = marks.pending_evaluations(table)
    why = _counted(reason_of(marks, table, evaluation) for evaluation in stale)
    return [PendingWork(table, why)] if stale else []


def _pending_picks(project: Project, *, are_predictions_pending: bool) -> list[PendingWork]:
    marks, store = project.fingerprints, project.store
    datasets = sorted({evaluation.dataset for evaluation in project.landing.evaluations()})
    reasons: Counter[str] = Counter()
    for dataset in datasets:
        stored = store.fingerprint(PICKS, {"dataset": dataset})
        if stored != (now := marks.informative_correct_predictions(dataset)):
            names = changed_parts(stored, now) if stored else []
            reasons[" and ".join(REASONS[name] for name in names) or NEVER_MADE] += 1
    if not reasons and not are_predictions_pending:
        return []
    told = "; ".join(f"{n} datasets: {why}" for why, n in sorted(reasons.items()))
    return [PendingWork(PICKS, told or "the predictions that it picks from change")]


def _pending_candidates(project: Project) -> list[PendingWork]:
    """Files of taxonomies that say something new; before the first run all of them are to come."""
    reasons = [f"{told.reason}: a candidate" for told in changed_files(project)]
    return [PendingWork("taxonomy_versions", "; ".join(reasons))] if reasons else []


def _pending_results(project: Project, *, is_work_above: bool) -> list[PendingWork]:
    marks, store = project.fingerprints, project.store
    now = {
        "evaluations": evaluation_rows(project).fingerprint,
        "failure_ledger": marks.failure_ledger(),
        "signatures": marks.signatures(),
        **dict.fromkeys(COMPARISON_TABLES, marks.comparisons()),
        **dict.fromkeys(PROFILE_TABLES, marks.profiles()),
        **dict.fromkeys(GOLD_TABLES, marks.gold(verdict_text(project))),
        "taxonomy_row_flow": marks.taxonomy_row_flow(),
        "taxonomy_stability": marks.taxonomy_stability(),
        "taxonomy_quality": marks.taxonomy_quality(),
        "taxonomy_crosswalk": marks.taxonomy_crosswalk(),
        **dict.fromkeys(TRUST_TABLES, trust_fingerprint(project)),
    }
    pending: list[PendingWork] = []
    for table, mark in now.items():
        if table == "taxonomy_row_flow":
            pending += _pending_candidates(project)
        stored = store.fingerprint(table)
        if stored is None:
            pending.append(PendingWork(table, NEVER_MADE))
        elif stored != mark:
            names = changed_parts(stored, mark)
            pending.append(PendingWork(table, " and ".join(REASONS[name] for name in names)))
        elif is_work_above or pending:
            pending.append(PendingWork(table, "the tables above it change"))
    return pending
