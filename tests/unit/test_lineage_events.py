"""OpenLineage events tell what a run read and wrote, and nothing that stands in the rows."""

import json
import os
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from unittest import mock

import dagster as dg
import pytest

from errormap_dagster.contracts.registry import column_names
from errormap_dagster.lineage_events import lineage_sensors, parents_of, send_lineage
from errormap_dagster.refresh_settings import OpenLineageSettings
from errormap_dagster.settings import Settings

ON = Settings(openlineage=OpenLineageSettings(is_on=True, namespace="home"))
UNTOLD = "s3cret"


@dg.asset
def landed_files() -> dg.MaterializeResult[Any]:
    return dg.MaterializeResult(
        data_version=dg.DataVersion("v-landed"), metadata={"preview": UNTOLD}
    )


@dg.asset(deps=[landed_files])
def raw_predictions() -> dg.MaterializeResult[Any]:
    return dg.MaterializeResult(data_version=dg.DataVersion("v-raw"))


@dg.asset_check(asset=landed_files)
def whole() -> dg.AssetCheckResult:
    """A check is a step too, and writes nothing."""
    return dg.AssetCheckResult(passed=True)


@dg.asset(deps=[raw_predictions])
def failures() -> None:
    raise ValueError(UNTOLD)


PARENTS = parents_of(spec for a in (landed_files, raw_predictions, failures) for spec in a.specs)


@pytest.fixture
def instance() -> Generator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def run(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """Two tables made, and one that could not be."""
    return dg.materialize(
        [landed_files, whole, raw_predictions, failures], instance=instance, raise_on_error=False
    )


def to_file(folder: Path) -> dict[str, str]:
    return {
        "OPENLINEAGE__TRANSPORT__TYPE": "file",
        "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH": str(folder / "events.jsonl"),
        "OPENLINEAGE__TRANSPORT__APPEND": "true",
    }


def sent(run: dg.ExecuteInProcessResult, instance: dg.DagsterInstance, folder: Path) -> list[Any]:
    """The events of a run as the client writes them to a file."""
    with mock.patch.dict(os.environ, to_file(folder)):
        assert send_lineage(ON, instance, run.dagster_run, PARENTS) is None
    lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_each_step_and_the_run_begin_and_end(
    run: dg.ExecuteInProcessResult, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    events = sent(run, instance, tmp_path)
    job = run.dagster_run.job_name
    states = {"": "FAIL", ".landed_files": "COMPLETE", ".raw_predictions": "COMPLETE"}
    told = [(event["job"]["name"], event["eventType"]) for event in events]
    assert sorted(told) == sorted(
        (f"{job}{step}", state)
        for step, end in {**states, ".failures": "FAIL"}.items()
        for state in ("START", end)
    )
    assert {event["job"]["namespace"] for event in events} == {"home"}
    assert [event["eventTime"] for event in events] == sorted(e["eventTime"] for e in events)
    steps = [event for event in events if event["job"]["name"] != job]
    above = {event["run"]["facets"]["parent"]["run"]["runId"] for event in steps}
    assert above == {run.run_id}
    assert len({event["run"]["runId"] for event in events}) == 4


def test_an_end_names_inputs_outputs_versions_and_columns(
    run: dg.ExecuteInProcessResult, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    (end,) = (
        event
        for event in sent(run, instance, tmp_path)
        if event["job"]["name"].endswith(".raw_predictions") and event["eventType"] == "COMPLETE"
    )
    (read,), (written,) = end["inputs"], end["outputs"]
    assert (read["namespace"], read["name"]) == ("home", "landed_files")
    assert read["facets"]["version"]["datasetVersion"] == "v-landed"
    assert written["name"] == "raw_predictions"
    assert written["facets"]["version"]["datasetVersion"] == "v-raw"
    columns = [column["name"] for column in written["facets"]["schema"]["fields"]]
    assert columns == column_names("raw_predictions")


def test_no_event_holds_what_stands_in_rows_or_errors(
    run: dg.ExecuteInProcessResult, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    events = sent(run, instance, tmp_path)
    assert UNTOLD not in json.dumps(events)
    errors = [e["run"]["facets"].get("errorMessage", {}).get("message") for e in events]
    assert set(errors) == {None, "ValueError"}


def test_a_run_told_twice_has_the_same_ids(
    run: dg.ExecuteInProcessResult, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    once = sent(run, instance, tmp_path)
    assert sent(run, instance, tmp_path) == once * 2


@pytest.fixture
def catalogue() -> Generator[tuple[str, list[Any]]]:
    """A server that takes events, and what it took."""
    taken: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's
            """Keep the output of the tests clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", taken
        server.shutdown()


def test_the_sensor_sends_to_a_server(
    run: dg.ExecuteInProcessResult,
    instance: dg.DagsterInstance,
    catalogue: tuple[str, list[Any]],
) -> None:
    url, taken = catalogue
    sensors = {sensor.name: sensor for sensor in lineage_sensors(ON, PARENTS)}
    assert set(sensors) == {f"openlineage_{end}" for end in ("success", "failure", "canceled")}
    ended = next(e for e in run.all_events if e.event_type_value == "PIPELINE_FAILURE")
    context = dg.build_run_status_sensor_context(
        sensor_name="openlineage_failure",
        dagster_event=ended,
        dagster_instance=instance,
        dagster_run=run.dagster_run,
    )
    with mock.patch.dict(os.environ, {"OPENLINEAGE_URL": url}):
        sensors["openlineage_failure"](context)
    assert len(taken) == 8


def test_what_cannot_be_sent_is_told_without_the_address(
    run: dg.ExecuteInProcessResult, instance: dg.DagsterInstance
) -> None:
    nobody = {
        "OPENLINEAGE__TRANSPORT__TYPE": "http",
        "OPENLINEAGE__TRANSPORT__URL": f"http://127.0.0.1:1/{UNTOLD}",
        "OPENLINEAGE__TRANSPORT__RETRY": '{"total": 0}',
    }
    with mock.patch.dict(os.environ, nobody):
        told = send_lineage(ON, instance, run.dagster_run, PARENTS)
    assert told == "0 OpenLineage events were sent, then: ConnectionError"


def test_nothing_is_sent_unless_it_is_wanted(
    run: dg.ExecuteInProcessResult, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    with mock.patch.dict(os.environ, to_file(tmp_path)):
        assert send_lineage(Settings(), instance, run.dagster_run, PARENTS) is None
    assert not list(tmp_path.iterdir())
    assert lineage_sensors(Settings(), PARENTS) == []
