"""Results as a stage: which evaluations count, the failure ledger and the signatures of those."""

from typing import NamedTuple

import polars as pl

from errormap_dagster.contracts.registry import empty_frame, polars_schema
from errormap_dagster.domain.ledger import Discrepancy, build_ledger, reconcile
from errormap_dagster.domain.signature import SignatureRules, signatures
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.errors import SettingsError
from errormap_dagster.parts import fingerprint, part
from errormap_dagster.project import Project
from errormap_dagster.stages.taxonomies import categories_of, versions_in_force
from errormap_dagster.tables import CODE_VERSIONS

_JUDGED = ["prediction_id", "dataset", "model", "outcome", "error_summary"]
_KEY = ["dataset", "model"]


def reported_version(project: Project) -> tuple[str, int]:
    """The taxonomy that the settings report, and its newest version in force.

    Raises:
        SettingsError: no such taxonomy is in force.
    """
    wanted = project.settings.taxonomy.reported
    in_force = dict(versions_in_force(project))
    if wanted not in in_force:
        known = ", ".join(in_force) or "none yet"
        raise SettingsError(
            f"{project.home.settings_file}: taxonomy.reported is {wanted!r}, but the taxonomies "
            f"in force are: {known}."
        )
    return wanted, in_force[wanted]


class EvaluationTable(NamedTuple):
    """Rows of ``evaluations`` and the fingerprint that stands for them."""

    rows: pl.DataFrame
    fingerprint: str


def evaluation_rows(project: Project) -> EvaluationTable:
    """What ``evaluations`` would hold now: every evaluation that has landed, sorted."""
    reasons: dict[tuple[str, str], str] = {}
    for table, evaluation, why in project.obstacles.all():
        reasons.setdefault(evaluation, f"{table}: {why}")
    rows = [
        (*e, table is None, table, reasons.get(e))
        for e in project.landing.evaluations()
        for table in [project.fingerprints.incomplete_table(e)]
    ]
    frame = pl.DataFrame(rows, schema=polars_schema("evaluations"), orient="row")
    mark = fingerprint(code=CODE_VERSIONS["evaluations"], evaluations=part(frame.write_json()))
    return EvaluationTable(frame, mark)


def make_evaluation_table(project: Project) -> bool:
    """Write ``evaluations`` unless it stands already; whether it was written."""
    rows, mark = evaluation_rows(project)
    if project.store.fingerprint("evaluations") == mark:
        return False
    project.store.write("evaluations", rows, mark)
    return True


def of_complete_evaluations(
    project: Project, table: str, dataset: str | None = None
) -> pl.LazyFrame:
    """The rows of a table, or of one dataset in it, whose evaluations count in the results."""
    complete = project.store.scan("evaluations").filter("is_complete")
    partition = None if dataset is None else {"dataset": dataset}
    return project.store.scan(table, partition).join(complete, on=_KEY, how="semi")


def make_ledger(project: Project) -> bool:
    """Write ``failure_ledger`` unless it stands already; whether it was written."""
    mark = project.fingerprints.failure_ledger()
    if project.store.fingerprint("failure_ledger") == mark:
        return False
    taxonomy, version = reported_version(project)
    ledger = build_ledger(
        of_complete_evaluations(project, "failures").collect(),
        of_complete_evaluations(project, "judged_errors").select(_JUDGED).collect(),
        of_complete_evaluations(project, "category_assignments").collect(),
        taxonomy=taxonomy,
        version=version,
    )
    project.store.write("failure_ledger", ledger, mark)
    return True


def ledger_discrepancies(project: Project) -> list[Discrepancy]:
    """What the ledger and the judged errors do not account for."""
    key = ["prediction_id", *_KEY]
    return reconcile(
        of_complete_evaluations(project, "failures").select(*key, "is_sampled").collect(),
        of_complete_evaluations(project, "judged_errors").select(key).collect(),
        project.store.scan("failure_ledger").select(key).collect(),
    )


def make_signatures(project: Project) -> bool:
    """Write ``signatures`` unless it stands already; whether it was written."""
    mark = project.fingerprints.signatures()
    if project.store.fingerprint("signatures") == mark:
        return False
    settings, evaluations = project.settings, evaluation_counts(project)
    assigned = weighted_assignments(project)
    frames = [
        signatures(
            assigned.filter(pl.col("taxonomy") == taxonomy, pl.col("version") == version),
            evaluations,
            categories_of(project, VersionKey(taxonomy, version)),
            taxonomy=taxonomy,
            version=version,
            rules=SignatureRules(settings.groups, settings.signatures.widest_interval),
        )
        for taxonomy, version in versions_in_force(project)
    ]
    rows = pl.concat([empty_frame("signatures"), *frames])
    project.store.write("signatures", rows, mark)
    return True


def weighted_assignments(project: Project) -> pl.DataFrame:
    """The assignments that count, each with example_id and sampling_weight of its failure."""
    columns = ["prediction_id", "example_id", "sampling_weight"]
    return (
        of_complete_evaluations(project, "category_assignments")
        .join(project.store.scan("failures").select(columns), on="prediction_id", how="left")
        .collect()
    )


def evaluation_counts(project: Project) -> pl.DataFrame:
    """One row per dataset and model: n_predictions, n_failures, n_judged."""
    counted = [
        of_complete_evaluations(project, table)
        .group_by(_KEY)
        .agg(pl.len().cast(pl.Int64).alias(name))
        .collect()
        for table, name in (
            ("raw_predictions", "n_predictions"),
            ("failures", "n_failures"),
            ("judged_errors", "n_judged"),
        )
    ]
    joined = counted[0].join(counted[1], on=_KEY, how="left").join(counted[2], on=_KEY, how="left")
    return joined.with_columns(pl.col("n_failures", "n_judged").fill_null(0)).sort(_KEY)
