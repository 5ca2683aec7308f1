"""Lineage as OpenLineage events, for the catalogues of other tools: what a run read and wrote.

They are made from the run's own log when it has ended and carry the times at which things
happened. They hold names, columns, versions and counts: never a row, a message of an error or a
setting. What cannot be sent is a warning and fails no run.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import dagster as dg

from errormap_dagster.domain.identity import content_id
from errormap_dagster.metadata import column_schema
from errormap_dagster.settings import Settings
from errormap_dagster.tables import CODE_VERSIONS

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent
    from openlineage.client.generated.schema_dataset import SchemaDatasetFacet

PRODUCER: Final = "urn:errormap_dagster"
_ENDS: Final = {
    "STEP_SUCCESS": "COMPLETE",
    "STEP_FAILURE": "FAIL",
    "PIPELINE_SUCCESS": "COMPLETE",
    "PIPELINE_FAILURE": "FAIL",
    "PIPELINE_CANCELED": "ABORT",
}
_STARTS: Final = {"STEP_START", "PIPELINE_START"}
_WHOLE_RUN: Final = None
"""The key of what is told of the run and of no step of it."""
_DATA_VERSION: Final = "dagster/data_version"
_INPUT_VERSION: Final = "dagster/input_data_version/"

Parents = Mapping[str, frozenset[str]]
"""Each asset by name, with those that it is made from."""


@dataclass(slots=True)
class Told:
    """What a run's log tells of one of its steps, or of the whole run.

    Attributes:
        started: seconds since 1970; None for what never began.
        ended: likewise; None for a step that was cut off.
        state: COMPLETE, FAIL or ABORT.
        error: the class of what was raised, without its words.
        made: what it wrote.
    """

    started: float | None = None
    ended: float | None = None
    state: str = "ABORT"
    error: str | None = None
    made: list[dg.AssetMaterialization] = field(default_factory=list[dg.AssetMaterialization])


def parents_of(specs: Iterable[dg.AssetSpec]) -> Parents:
    """What each asset is made from, by name."""
    return {
        spec.key.to_user_string(): frozenset(dep.asset_key.to_user_string() for dep in spec.deps)
        for spec in specs
    }


def told_by(log: Iterable[dg.EventLogEntry]) -> dict[str | None, Told]:
    """The steps that a run's log tells of, and under None the run; in the order of the log."""
    found: dict[str | None, Told] = {_WHOLE_RUN: Told()}
    for entry in log:
        event = entry.dagster_event
        if event is None:
            continue
        told = found.setdefault(event.step_key, Told())
        kind = event.event_type_value
        if kind in _STARTS:
            told.started = entry.timestamp
        elif kind in _ENDS:
            told.ended, told.state = entry.timestamp, _ENDS[kind]
        if kind == "STEP_FAILURE":
            error = event.step_failure_data.error
            told.error = ((error.cause or error).cls_name if error else None) or "Exception"
        elif kind == "ASSET_MATERIALIZATION":
            told.made.append(event.step_materialization_data.materialization)
    return found


def run_events(
    run: dg.DagsterRun, log: Iterable[dg.EventLogEntry], parents: Parents, namespace: str
) -> "list[RunEvent]":
    """A start and an end for the run and its steps, in order of time.

    A step that wrote nothing, such as a check, is left out unless it failed.
    """
    from openlineage.client import event_v2  # noqa: PLC0415 - an extra that may be absent
    from openlineage.client.facet_v2 import error_message_run, parent_run  # noqa: PLC0415 - as above

    above = parent_run.ParentRunFacet(
        run=parent_run.Run(runId=run.run_id),
        job=parent_run.Job(namespace=namespace, name=run.job_name),
    )
    events: list[RunEvent] = []
    for step, told in told_by(log).items():
        is_of_interest = step is _WHOLE_RUN or told.made or told.state != "COMPLETE"
        if told.started is None or not is_of_interest:
            continue
        job = event_v2.Job(namespace, f"{run.job_name}.{step}" if step else run.job_name)
        # The same step of the same run has the same id however often it is told.
        key = str(uuid.uuid5(uuid.UUID(run.run_id), step)) if step else run.run_id
        own = event_v2.Run(key, {"parent": above} if step else {})
        events.append(_event("START", told.started, own, job))
        if told.error:
            facet = error_message_run.ErrorMessageRunFacet(told.error, "PYTHON")
            own = event_v2.Run(key, {**(own.facets or {}), "errorMessage": facet})
        last = _event(told.state, told.ended or told.started, own, job)
        last.inputs, last.outputs = _datasets(told.made, parents, namespace)
        events.append(last)
    return sorted(events, key=lambda event: event.eventTime)


def _event(state: str, at: float, run: "Run", job: "Job") -> "RunEvent":
    from openlineage.client import event_v2  # noqa: PLC0415 - as above

    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")
    kind = event_v2.RunState[state]
    return event_v2.RunEvent(eventTime=when, producer=PRODUCER, run=run, job=job, eventType=kind)


def _datasets(
    made: Sequence[dg.AssetMaterialization], parents: Parents, namespace: str
) -> "tuple[list[InputDataset], list[OutputDataset]]":
    """What a step read and what it wrote; what it both wrote and read is written alone."""
    from openlineage.client.event_v2 import InputDataset, OutputDataset  # noqa: PLC0415 - as above
    from openlineage.client.facet_v2 import dataset_version_dataset  # noqa: PLC0415 - as above

    by_name: dict[str, list[dg.AssetMaterialization]] = {}
    for materialization in made:
        by_name.setdefault(materialization.asset_key.to_user_string(), []).append(materialization)
    read = {name for table in by_name for name in parents.get(table, ())} - set(by_name)
    versions = {
        tag.removeprefix(_INPUT_VERSION): value
        for materialization in made
        for tag, value in (materialization.tags or {}).items()
        if tag.startswith(_INPUT_VERSION)
    }
    version_facet = dataset_version_dataset.DatasetVersionDatasetFacet
    inputs = [
        InputDataset(
            namespace,
            name,
            facets={"version": version_facet(versions[name])} if name in versions else {},
        )
        for name in sorted(read)
    ]
    outputs: list[OutputDataset] = []
    for name, of_table in by_name.items():
        facets = {"version": version_facet(_version(of_table)), "schema": _schema(name, of_table)}
        outputs.append(OutputDataset(namespace, name, facets=dict(facets)))
    return inputs, outputs


def _version(made: Sequence[dg.AssetMaterialization]) -> str:
    """The data version of a table; of several evaluations one over all that were written."""
    versions = [(m.partition or "", (m.tags or {}).get(_DATA_VERSION, "")) for m in made]
    if len(versions) == 1:
        return versions[0][1]
    return content_id(*(part for pair in sorted(versions) for part in pair))


def _schema(name: str, made: Sequence[dg.AssetMaterialization]) -> "SchemaDatasetFacet":
    """The columns: of a table from its contract, of a view as dbt told them."""
    from openlineage.client.facet_v2 import schema_dataset  # noqa: PLC0415 - as above

    told = made[-1].metadata.get("dagster/column_schema")
    if name in CODE_VERSIONS:
        columns = column_schema(name).columns
    else:
        columns = told.schema.columns if isinstance(told, dg.TableSchemaMetadataValue) else []
    return schema_dataset.SchemaDatasetFacet(
        [schema_dataset.SchemaDatasetFacetFields(c.name, c.type, c.description) for c in columns]
    )


def send_lineage(
    settings: Settings, instance: dg.DagsterInstance, run: dg.DagsterRun, parents: Parents
) -> str | None:
    """Send the events of a run that has ended, if the settings want it, by the client's transport.

    Returns:
        Why not all could be sent, without an address; None when they were, or are not wanted.
    """
    if not settings.openlineage.is_on:
        return None
    try:
        from openlineage.client import OpenLineageClient  # noqa: PLC0415 - as above
    except ImportError:
        return 'the client is not installed: pip install "errormap-dagster[openlineage]"'
    sent = 0
    try:
        log = instance.all_logs(run.run_id)
        events = run_events(run, log, parents, settings.openlineage.namespace)
        client = OpenLineageClient()
        for event in events:
            client.emit(event)
            sent += 1
        client.close()
    except Exception as error:  # noqa: BLE001 - whatever a transport raises, the run has ended well
        # The words of such errors hold addresses, and addresses may hold keys.
        return f"{sent} OpenLineage events were sent, then: {type(error).__name__}"
    return None


def lineage_sensors(settings: Settings, parents: Parents) -> list[dg.SensorDefinition]:
    """The sensors that tell of runs that have ended, one for each end; none unless it is wanted."""
    if not settings.openlineage.is_on:
        return []
    ends = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    return [_sensor(settings, parents, end) for end in ends]


def _sensor(settings: Settings, parents: Parents, end: dg.DagsterRunStatus) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=f"openlineage_{end.value.lower()}",
        run_status=end,
        minimum_interval_seconds=10,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends what an ended run read and wrote as OpenLineage events, by the "
        "transport that the client's own variables or openlineage.yml name.",
    )
    def tell(context: dg.RunStatusSensorContext) -> None:
        if problem := send_lineage(settings, context.instance, context.dagster_run, parents):
            context.log.warning(problem)

    return tell
