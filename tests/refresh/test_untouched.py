"""With Dagster's daemon really running: a file lands, and nobody touches anything."""

from typing import Any

import dagster as dg
import pytest

from errormap_dagster.stages.chain import run_chain

pytestmark = pytest.mark.slow

ON = """
refresh: {is_on: true, interval_seconds: 1}
landing: {still_seconds: 2}
"""
BY_EVALUATION = ("raw_predictions", "failures", "judged_errors", "category_assignments")


def metadata(instance: dg.DagsterInstance, asset: str) -> dict[str, Any]:
    event = instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event
    assert event.asset_materialization
    return {key: told.value for key, told in event.asset_materialization.metadata.items()}


def test_a_file_of_a_new_model_leads_to_its_signature_at_the_cost_of_its_failures(
    live: Any,
) -> None:
    live.settings(ON)
    live.write("old.jsonl", "old-1", "old-2")
    run_chain(live.project)
    before = live.tables(*BY_EVALUATION)
    with live.daemon() as instance:
        live.write("new.jsonl", "new", n_wrong=5)
        live.wait_for("the signature of the new model", lambda: "new" in live.signatures())
        judged = metadata(instance, "judged_errors")
        runs = {run.job_name for run in instance.get_runs()}
    assert runs == {"land", "everything"}
    assert judged["n_failures_read"] == 5
    assert judged["n_evaluations_made"] == 1
    after = live.tables(*BY_EVALUATION)
    assert len(before) == 8
    assert {path: after[path] for path in before} == before
    assert len(after) == 12
    assert live.signatures() == {"old-1", "old-2", "new"}
