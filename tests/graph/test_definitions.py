"""The graph as Dagster sees it: keys, edges, what the UI shows, and what its import costs."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from errormap_dagster.contracts.registry import column_names, columns, table_names
from errormap_dagster.definitions import build_definitions
from errormap_dagster.explorer.app import PAGES
from errormap_dagster.metadata import EXPLORER_PAGES
from errormap_dagster.tables import CODE_VERSIONS

PARTITIONED = {"raw_predictions", "failures", "judged_errors", "category_assignments"}
UPSTREAM = {
    "landed_files": set[str](),
    "quarantined_rows": set[str](),
    "raw_predictions": {"landed_files"},
    "informative_correct_predictions": {"raw_predictions"},
    "failures": {"raw_predictions"},
    "judged_errors": {"failures", "informative_correct_predictions"},
    "judge_calls": {
        *("judged_errors", "taxonomy_versions", "category_assignments"),
        *("taxonomy_stability", "taxonomy_quality", "taxonomy_crosswalk"),
        "judge_reviews",
    },
    "taxonomy_versions": {"judged_errors"},
    "taxonomy_categories": {"judged_errors"},
    "taxonomy_changes": {"judged_errors"},
    "taxonomy_inputs": {"judged_errors"},
    "taxonomy_steps": {"judged_errors"},
    "taxonomy_stability": {
        *("taxonomy_versions", "taxonomy_inputs"),
        *("category_assignments", "taxonomy_row_flow"),
    },
    "taxonomy_quality": {
        *("taxonomy_versions", "taxonomy_inputs"),
        *("taxonomy_stability", "category_assignments"),
    },
    "taxonomy_crosswalk": {"taxonomy_versions", "category_assignments", "taxonomy_row_flow"},
    "taxonomy_decisions": {"judged_errors"},
    "taxonomy_row_flow": {"taxonomy_versions", "category_assignments"},
    "signature_history": {"signatures", "category_assignments", "taxonomy_categories"},
    "counted_errors": {"signatures", "category_assignments", "taxonomy_categories"},
    "evaluations": {"raw_predictions", "category_assignments"},
    "failure_ledger": {"failures", "judged_errors", "category_assignments", "evaluations"},
    "model_comparisons": {"raw_predictions", "failure_ledger", "taxonomy_categories"},
    "benchmark_profiles": {"raw_predictions", "failure_ledger", "taxonomy_categories"},
    "judge_trust": {"failures", "judged_errors", "category_assignments", "evaluations"},
    "suspect_gold": {"raw_predictions", "failures", "judged_errors", "evaluations"},
}
MARTS = {
    "dim_models",
    "dim_datasets",
    "dim_categories",
    "fct_errors",
    "fct_category_shares",
    "fct_judge_costs",
    "rpt_failure_signatures",
    "rpt_dataset_health",
    "rpt_model_comparisons",
    "rpt_benchmark_profiles",
    "rpt_suspect_gold",
    "rpt_judge_trust",
    "rpt_taxonomy_quality",
    "rpt_taxonomy_crosswalk",
    "fct_taxonomy_changes",
    "fct_category_flow",
    "rpt_share_decomposition",
}


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ERRORMAP_HOME", str(tmp_path_factory.mktemp("graph")))
        return build_definitions()


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    specs = definitions.resolve_all_asset_specs()
    return {spec.key.to_user_string(): spec for spec in specs}


def upstream(spec: dg.AssetSpec) -> set[str]:
    return {dep.asset_key.to_user_string() for dep in spec.deps}


def test_every_table_with_a_contract_is_an_asset(graph: dict[str, dg.AssetSpec]) -> None:
    assert set(table_names()) == set(CODE_VERSIONS)
    assert set(graph) >= set(CODE_VERSIONS)


def test_the_marts_are_assets(graph: dict[str, dg.AssetSpec]) -> None:
    assert {name for name, spec in graph.items() if spec.group_name == "marts"} == MARTS


@pytest.mark.parametrize(("table", "expected"), UPSTREAM.items())
def test_tables_depend_on_what_they_are_made_from(
    graph: dict[str, dg.AssetSpec], table: str, expected: set[str]
) -> None:
    assert upstream(graph[table]) == expected


@pytest.mark.parametrize("table", table_names())
def test_staging_reads_the_asset_of_its_table(graph: dict[str, dg.AssetSpec], table: str) -> None:
    assert upstream(graph[f"stg_errormap__{table}"]) == {table}


def test_every_asset_says_what_it_is(graph: dict[str, dg.AssetSpec]) -> None:
    for name, spec in graph.items():
        assert spec.description, name
        assert spec.group_name, name
        assert spec.owners, name
        assert spec.kinds, name
        assert spec.tags.get("layer") in {"python", "dbt"}, name
        assert spec.code_version, name


@pytest.mark.parametrize("table", table_names())
def test_the_column_schema_in_the_ui_is_the_contract(
    graph: dict[str, dg.AssetSpec], table: str
) -> None:
    shown = graph[table].metadata["dagster/column_schema"]
    assert isinstance(shown, dg.TableColumn | dg.TableSchema | dg.TableSchemaMetadataValue)
    schema = shown.value if isinstance(shown, dg.TableSchemaMetadataValue) else shown
    assert isinstance(schema, dg.TableSchema)
    assert [column.name for column in schema.columns] == column_names(table)
    assert [column.description for column in schema.columns] == [
        column.description for column in columns(table)
    ]


def test_evaluations_are_partitions_taken_in_one_run(graph: dict[str, dg.AssetSpec]) -> None:
    partitioned = {name for name, spec in graph.items() if spec.partitions_def is not None}
    assert partitioned == PARTITIONED


def test_every_table_has_a_blocking_contract_check(definitions: dg.Definitions) -> None:
    checks = {
        (spec.asset_key.to_user_string(), spec.name): spec.blocking
        for definition in definitions.asset_checks or []
        for spec in getattr(definition, "check_specs", [])
    }
    for table in CODE_VERSIONS:
        assert checks[table, "contract"] is True
        assert checks[table, "expectations"] is False
    assert checks["failure_ledger", "every_failure_is_accounted_for"] is True
    assert checks["raw_predictions", "every_landed_row_is_accounted_for"] is True
    assert checks["signatures", "shares_sum_to_one"] is True
    assert checks["rpt_dataset_health", "every_evaluation_is_made"] is True


def test_every_check_says_what_it_makes_sure_of(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.asset_check_keys:
        spec = graph.get_check_spec(key)
        assert spec.description, spec.name
        assert "{" not in spec.description, spec.name


def test_one_job_materializes_everything(definitions: dg.Definitions) -> None:
    job = definitions.resolve_job_def("everything")
    selected = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert selected >= {*CODE_VERSIONS, *MARTS}


def test_loading_the_code_location_imports_no_heavy_library() -> None:
    heavy = ["pandas", "great_expectations", "sklearn", "scipy", "statsmodels"]
    script = (
        "import sys, errormap_dagster.definitions\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"


def test_the_workspace_loads(tmp_path: Path) -> None:
    repository = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "dagster"), "definitions", "validate"),
            *("--workspace", str(repository / "workspace.yaml")),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "errormap" in done.stdout + done.stderr


def test_every_asset_that_a_page_shows_has_a_link_to_it(graph: dict[str, dg.AssetSpec]) -> None:
    assert set(EXPLORER_PAGES.values()) <= set(PAGES)
    for table, path in EXPLORER_PAGES.items():
        assert graph[table].metadata["explorer"] == dg.MetadataValue.url(
            f"http://127.0.0.1:3001{path}"
        )
