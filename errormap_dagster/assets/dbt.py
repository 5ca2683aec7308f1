"""The aggregate views: dbt's models as assets, its tests as checks, its lineage down to columns."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from errormap_dagster.assets.spec import OWNER
from errormap_dagster.fingerprints import CODE_VERSIONS
from errormap_dagster.resources.project import ProjectResource
from errormap_dagster.resources.warehouse import warehouse_in_work

WRITER_POOL = "warehouse_writer"


class Translator(DagsterDbtTranslator):
    """How a dbt node reads in Dagster."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The layer of the model, which is the folder it lies in."""
        return dbt_resource_props["fqn"][1]

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """The same owner as the tables below."""
        return [OWNER] if dbt_resource_props["resource_type"] == "model" else []

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Tells SQL from Python in a search."""
        return {"layer": "dbt"} if dbt_resource_props["resource_type"] == "model" else {}


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
            build = dbt.cli(["build"], context=context, target_path=opened.home.dbt_target / "run")
            # While dbt works, the stream below would ask for its next event without pause and take
            # a core away from it; asking first whether it succeeded waits quietly for its end.
            build.is_successful()
            yield from build.stream().fetch_row_counts().fetch_column_metadata()
        if not context.is_subset:
            opened.home.warehouse_mark.write_text(mark, encoding="utf-8")

    return warehouse
