"""The aggregate views: dbt's models as assets, its tests as checks, its lineage down to columns."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from errormap_dagster.assets.spec import OWNER
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.resources.warehouse import warehouse_in_work
from errormap_dagster.tables import CODE_VERSIONS

WRITER_POOL = "warehouse_writer"
_SAYS = {
    "accepted_values": "{column_name} is one of {values}.",
    "not_null": "{column_name} is never missing.",
    "relationships": "Each {column_name} is the {field} of a row of {to}.",
    "share": "{column_name} lies between 0 and 1.",
    "unique": "No two rows have the same {column_name}.",
    "unique_combination": "No two rows have the same {columns}.",
}
"""What each generic test of dbt says of its model."""
_TABLES = {"model", "snapshot"}
"""Kinds of nodes that are assets here."""
_ADAPTERS_TEXT = "character varying(256)"
"""What dbt's adapter calls every text; those of DuckDB have no limit."""


class Translator(DagsterDbtTranslator):
    """How a dbt node reads in Dagster."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The layer of the model, which is the folder it lies in; snapshots are history."""
        is_snapshot = dbt_resource_props["resource_type"] == "snapshot"
        return "history" if is_snapshot else dbt_resource_props["fqn"][1]

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """The same owner as the tables below."""
        return [OWNER] if dbt_resource_props["resource_type"] in _TABLES else []

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Tells SQL from Python in a search."""
        return {"layer": "dbt"} if dbt_resource_props["resource_type"] in _TABLES else {}

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """A test as a check, with a description."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and dg.AssetCheckSpec(
            spec.name,
            asset=spec.asset_key,
            description=test_description(manifest["nodes"][unique_id]),
            additional_deps=spec.additional_deps,
            blocking=spec.blocking,
            metadata=spec.metadata,
        )


def test_description(node: Mapping[str, Any]) -> str:
    """What a test of dbt makes sure of: its own description, or a sentence for a generic one."""
    generic = node.get("test_metadata")
    if not generic:
        return node["description"]
    told = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in generic["kwargs"].items()
    }
    other = told.get("to", "").removeprefix("ref('").removesuffix("')")
    return _SAYS[generic["name"]].format_map({**told, "to": other})


def with_plain_types(event: Any) -> Any:
    """An event of dbt in whose column schema a text is a VARCHAR, as in the contracts."""
    told = getattr(event, "metadata", {}).get("dagster/column_schema")
    if not isinstance(told, dg.TableSchemaMetadataValue):
        return event
    columns = [
        dg.TableColumn(c.name, "VARCHAR" if c.type == _ADAPTERS_TEXT else c.type, c.description)
        for c in told.schema.columns
    ]
    return event.with_metadata(
        {**event.metadata, "dagster/column_schema": dg.TableSchema(columns=columns)}
    )


def with_row_count(event: Any, manifest: Mapping[str, Any], built: Path) -> Any:
    """An event of dbt that tells how many rows its table has; one of a view is left as it is.

    The ``fetch_row_counts`` of dagster-dbt takes twenty times as long beside
    ``fetch_column_metadata``: while they wait for each other, each keeps a core busy.
    """
    told = getattr(event, "metadata", {}).get("unique_id")
    node = manifest["nodes"][told.value] if isinstance(told, dg.TextMetadataValue) else {}
    if node.get("config", {}).get("materialized") not in {"table", "snapshot"}:
        return event
    with duckdb.connect(built, read_only=True) as warehouse:
        n_rows = warehouse.table(node["relation_name"]).shape[0]
    return event.with_metadata({**event.metadata, "dagster/row_count": n_rows})


def warehouse_assets(dbt_project: DbtProject) -> dg.AssetsDefinition:
    """One asset per dbt model, built together."""

    @dbt_assets(
        manifest=dbt_project.manifest_path,
        project=dbt_project,
        name="warehouse",
        # One run at a time builds; a second one waits.
        pool=WRITER_POOL,
        # Tests on sources would let dbt run before the checks of the tables it reads.
        dagster_dbt_translator=Translator(
            DagsterDbtTranslatorSettings(enable_source_tests_as_checks=False)
        ),
    )
    def warehouse(
        context: dg.AssetExecutionContext, dbt: DbtCliResource, project: ProjectResource
    ) -> Iterator[Any]:
        opened = project.open()
        for table in CODE_VERSIONS:
            opened.store.declare(table)
        mark = opened.fingerprints.warehouse()
        with warehouse_in_work(opened.home, is_whole=not context.is_subset):
            # What a unit test proves does not change with the data: `make test` runs them.
            build = dbt.cli(
                ["build", "--exclude-resource-type", "unit_test"],
                context=context,
                target_path=opened.home.dbt_run_target,
                raise_on_error=False,
            )
            # While dbt works, the stream below would ask for its next event without pause and take
            # a core away from it; asking first whether it succeeded waits quietly for its end. It
            # is read to its end for the same reason, before Dagster keeps each event.
            succeeded = build.is_successful()
            events = list(build.stream().fetch_column_metadata())
            for event in map(with_plain_types, events):
                yield with_row_count(event, build.manifest, opened.home.warehouse_in_work)
            if not succeeded:
                raise build.get_error() or dg.Failure("dbt failed; its log says why.")
        if not context.is_subset:
            opened.home.warehouse_mark.write_text(mark, encoding="utf-8")

    return warehouse
