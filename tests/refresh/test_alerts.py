"""A failed run is told to the log and the webhook: what failed, why, where to look, no secret."""

from typing import Any

import dagster as dg
import pytest

from errormap_dagster.alerts import alert, failures_of
from errormap_dagster.automation import failed_runs
from errormap_dagster.errors import IngestError
from errormap_dagster.jobs import EVERYTHING
from errormap_dagster.webhook import send

VARIABLE = "ERRORMAP_ALERT_WEBHOOK"
ADDRESS = "alerts: {ui_url: 'https://dagster.example.com/'}\n"


def failed_run(instance: dg.DagsterInstance, error: Exception) -> dg.ExecuteInProcessResult:
    """A run of which one step has raised an error."""

    @dg.op
    def judged_errors() -> None:
        raise error

    @dg.job(name=EVERYTHING)
    def everything() -> None:
        judged_errors()

    return everything.execute_in_process(instance=instance, raise_on_error=False)


def tell(instance: dg.DagsterInstance, error: Exception) -> str:
    """Let the sensor report a failed run; the id of the run."""
    run = failed_run(instance, error)
    ended = next(e for e in run.all_events if e.event_type_value == "PIPELINE_FAILURE")
    context = dg.build_run_status_sensor_context(
        sensor_name="failed_runs",
        dagster_event=ended,
        dagster_instance=instance,
        dagster_run=run.dagster_run,
    )
    failed_runs(context.for_run_failure())
    return run.run_id


def test_a_failed_run_reaches_the_webhook_with_its_asset_reason_and_link(
    live: Any, webhook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.settings(ADDRESS)
    monkeypatch.setenv(VARIABLE, webhook.url)
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = tell(instance, IngestError("gsm8k.csv, row 3: has no score"))
    (text,) = webhook.texts
    assert text.splitlines() == [
        "errormap: the run of everything failed",
        "- judged_errors: gsm8k.csv, row 3: has no score",
        f"https://dagster.example.com/runs/{run_id}",
    ]


def test_without_a_webhook_the_log_tells_it(live: Any, capfd: pytest.CaptureFixture[str]) -> None:
    live.settings(ADDRESS)
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = tell(instance, ValueError("seven"))
    log = capfd.readouterr().err
    assert "- judged_errors: ValueError: seven" in log
    assert f"https://dagster.example.com/runs/{run_id}" in log


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://127.0.0.1:1/services/s3cret", id="nobody listens"),
        pytest.param("ftp://127.0.0.1/s3cret", id="no web address"),
        pytest.param("http://127.0.0.1:s3cret/", id="malformed"),
    ],
)
def test_a_webhook_that_cannot_be_reached_is_told_without_its_url(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, url)
    problem = send("text", VARIABLE)
    assert problem
    assert VARIABLE in problem
    assert "s3cret" not in problem


def test_no_webhook_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert send("text", VARIABLE) is None


def test_a_long_reason_is_shortened(live: Any) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run = failed_run(instance, ValueError("x" * 5_000))
        (reason,) = failures_of(run.all_events)
        assert alert(live.project, run.dagster_run, [reason]) is None
    assert len(reason) < 700
    assert reason.endswith("...")


def test_a_blocking_check_that_fails_is_named_by_its_words() -> None:
    @dg.asset
    def failure_ledger() -> None:
        """Nothing is in it."""

    @dg.asset_check(asset=failure_ledger, name="adds_up", blocking=True)
    def adds_up() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, description="3 failures have no outcome")

    @dg.asset_check(asset=failure_ledger, name="drift")
    def drift() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, description="no reason to wake anybody")

    with dg.DagsterInstance.ephemeral() as instance:
        run = dg.materialize(
            [failure_ledger, adds_up, drift], instance=instance, raise_on_error=False
        )
    assert failures_of(run.all_node_events) == [
        "check failure_ledger.adds_up: 3 failures have no outcome"
    ]
