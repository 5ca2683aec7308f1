"""Dagster's instance as `deploy/` sets it up, against a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


@pytest.fixture
def instance(
    postgres: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    """Dagster's instance by `deploy/dagster.yaml`; only the port is another."""
    text = (DEPLOY / "dagster.yaml").read_text(encoding="utf-8")
    moved = text.replace("port: 5432", f"port: {postgres.port}")
    assert moved != text
    folder = tmp_path / "instance"
    folder.mkdir()
    (folder / "dagster.yaml").write_text(moved, encoding="utf-8")
    monkeypatch.setenv("ERRORMAP_PG_HOST", "127.0.0.1")
    monkeypatch.setenv("ERRORMAP_PG_USER", "errormap")
    monkeypatch.setenv("ERRORMAP_PG_PASSWORD", "not-asked")
    monkeypatch.setenv("ERRORMAP_PG_DATABASE", postgres.new_database())
    with dg.DagsterInstance.from_config(str(folder)) as made:
        yield made


def test_a_run_its_events_and_its_partitions_are_kept_in_postgresql(
    instance: dg.DagsterInstance,
) -> None:
    partitions = dg.DynamicPartitionsDefinition(name="evaluation")
    policy = dg.BackfillPolicy.single_run()

    @dg.asset(partitions_def=partitions, backfill_policy=policy, pool="warehouse_writer")
    def predictions(context: dg.AssetExecutionContext) -> None:
        for key in context.partition_keys:
            context.add_asset_metadata({"n_rows": 1}, partition_key=key)

    instance.add_dynamic_partitions("evaluation", ["gsm8k|elm, 7b", "math|größer"])
    tags = {
        "dagster/asset_partition_range_start": "gsm8k|elm, 7b",
        "dagster/asset_partition_range_end": "math|größer",
    }
    job = dg.Definitions([predictions], jobs=[dg.define_asset_job("all")]).resolve_job_def("all")
    done = job.execute_in_process(instance=instance, tags=tags)
    assert done.success
    run = instance.get_run_by_id(done.run_id)
    assert run
    assert run.is_success
    made = instance.get_materialized_partitions(dg.AssetKey("predictions"))
    assert made == {"gsm8k|elm, 7b", "math|größer"}
