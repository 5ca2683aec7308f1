"""The checks that guard the counts, on a home where somebody has lost rows."""

from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from errormap_dagster.fingerprints import partition_of
from errormap_dagster.paths import demo_dir
from errormap_dagster.project import Project
from errormap_dagster.quality.conservation import (
    every_failure_is_accounted_for,
    every_landed_row_is_accounted_for,
    quarantined_share,
    shares_sum_to_one,
)
from errormap_dagster.quality.contracts import contract_check, expectations_check
from errormap_dagster.resources.judge import JudgeResource
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.stages.chain import run_chain


@pytest.fixture
def project(home_folder: Path) -> Project:
    opened = Project.open(home_folder)
    run_chain(opened, [demo_dir() / "word_problems.csv"])
    return opened


def outcome(check: dg.AssetChecksDefinition) -> dg.AssetCheckResult:
    result = check(project=ProjectResource(judge=JudgeResource()))
    assert isinstance(result, dg.AssetCheckResult)
    return result


def rewrite(project: Project, table: str, change: pl.Expr) -> None:
    """Keep only the rows of the first evaluation for which ``change`` holds."""
    partition = partition_of(project.landing.evaluations()[0])
    rows = project.store.scan(table, partition).collect()
    project.store.write(table, rows.filter(change), "changed by hand", partition)


def test_all_checks_pass_on_a_home_as_it_was_made(project: Project) -> None:
    assert project.landing.evaluations()
    checks = [
        every_failure_is_accounted_for,
        every_landed_row_is_accounted_for,
        shares_sum_to_one,
        contract_check("judged_errors"),
        expectations_check("judged_errors"),
    ]
    assert [outcome(check).passed for check in checks] == [True] * len(checks)


def test_a_lost_judgement_is_named_with_its_evaluation(project: Project) -> None:
    table = "judged_errors"
    evaluation = project.landing.evaluations()[0]
    first = project.store.scan(table, partition_of(evaluation)).collect()["prediction_id"][0]
    rewrite(project, table, pl.col("prediction_id") != first)
    told = outcome(every_failure_is_accounted_for)
    assert not told.passed
    assert told.description
    assert evaluation.key in told.description
    assert first in told.description


def test_a_lost_prediction_is_named_with_its_file(project: Project) -> None:
    rewrite(project, "raw_predictions", pl.col("example_id") != "word-01")
    project.landing.scan()
    evaluation = project.landing.evaluations()[0]
    rows = project.store.scan("raw_predictions", partition_of(evaluation)).collect()
    mark = project.fingerprints.raw_predictions(evaluation)
    project.store.write("raw_predictions", rows, mark, partition_of(evaluation))
    told = outcome(every_landed_row_is_accounted_for)
    assert not told.passed
    assert "word_problems.csv" in (told.description or "")


def test_too_many_rejected_rows_fail_a_check(project: Project) -> None:
    project.home.settings_file.write_text("landing: {max_quarantined_share: 0.01}\n", "utf-8")
    told = outcome(quarantined_share)
    assert not told.passed
    description = told.description or ""
    assert "word_problems.csv: 1 of " in description
    assert "landing.max_quarantined_share = 0.01" in description


def test_an_unreadable_file_fails_a_check(project: Project) -> None:
    (project.home.landing / "broken.parquet").write_bytes(b"PAR1 and no more")
    run_chain(project)
    told = outcome(quarantined_share)
    assert not told.passed
    assert "broken.parquet: is not readable as Parquet" in (told.description or "")


def test_values_outside_of_a_contract_rule_are_told(project: Project) -> None:
    partition = partition_of(project.landing.evaluations()[0])
    rows = project.store.scan("failures", partition).collect()
    wrong = rows.with_columns(sampling_weight=pl.lit(0.0))
    project.store.write("failures", wrong, "changed by hand", partition)
    told = outcome(expectations_check("failures"))
    assert not told.passed
    assert "sampling_weight" in (told.description or "")
