"""What the Dagster UI shows of a table: schema, lineage, row counts and a preview.

Model outputs are untrusted: previews are typed table records, which the UI shows as text. Where
Markdown is told, names in it are escaped.
"""

import os
from collections.abc import Mapping

import dagster as dg
import polars as pl
from open_data_contract_standard.model import SchemaProperty

from errormap_dagster.contracts.registry import columns, contract_version, primary_key
from errormap_dagster.home import EXPLORER_PORT
from errormap_dagster.judge.interface import Effort

_PREVIEW_ROWS = 5
_PREVIEW_CHARACTERS = 200
_DIGITS = 4

FAILURE_RATES = "failure_rates"
"""Metadata key of the ledger: a JSON object from evaluation key to failure rate."""

EXPLORER_VARIABLE = "ERRORMAP_EXPLORER_URL"
"""Where the explorer answers, if not at its usual place on this machine."""
EXPLORER_PAGES = {
    "raw_predictions": "/datasets",
    "informative_correct_predictions": "/failures",
    "failures": "/failures",
    "judged_errors": "/failures",
    "judge_calls": "/costs",
    "taxonomy_versions": "/versions",
    "taxonomy_categories": "/taxonomy",
    "taxonomy_changes": "/versions",
    "category_assignments": "/taxonomy",
    "evaluations": "/",
    "failure_ledger": "/",
    "signatures": "/signatures",
    "signature_history": "/versions",
    "taxonomy_row_flow": "/versions",
    "taxonomy_quality": "/versions",
    "taxonomy_category_quality": "/taxonomy",
    "taxonomy_crosswalk": "/taxonomy",
    "model_comparisons": "/compare",
    "category_transitions": "/compare",
    "model_deviations": "/datasets",
    "benchmark_profiles": "/datasets",
    "dataset_similarities": "/datasets",
    "suspect_gold": "/suspects",
    "gold_noise": "/suspects",
    "gold_scores": "/suspects",
    "judge_reviews": "/trust",
    "judge_trust": "/trust",
    "corrected_shares": "/trust",
}
"""The page of the explorer that shows each table."""

Metadata = dict[str, dg.MetadataValue | int | float | str]


def column_schema(table: str) -> dg.TableSchema:
    """The table's columns as the UI shows them, from the contract."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name or "",
                type=column.physicalType or "",
                description=column.description,
                constraints=dg.TableColumnConstraints(
                    nullable=not column.required, unique=bool(column.unique)
                ),
            )
            for column in columns(table)
        ]
    )


def _dependencies(column: SchemaProperty) -> list[dg.TableColumnDep]:
    sources = [source.split(".", 1) for source in column.transformSourceObjects or []]
    return [
        dg.TableColumnDep(asset_key=dg.AssetKey(table), column_name=name) for table, name in sources
    ]


def column_lineage(table: str) -> dg.TableColumnLineage:
    """Which columns of which tables each column is made from, from the contract."""
    return dg.TableColumnLineage(
        {column.name or "": _dependencies(column) for column in columns(table)}
    )


def explorer_page(path: str) -> dg.MetadataValue:
    """A link to a page of ``errormap explore``, wherever the environment says that it answers."""
    address = os.environ.get(EXPLORER_VARIABLE) or f"http://127.0.0.1:{EXPLORER_PORT}"
    return dg.MetadataValue.url(f"{address.rstrip('/')}{path}")


def static_metadata(table: str) -> Mapping[str, object]:
    """What is known of a table before it is made."""
    page = EXPLORER_PAGES.get(table)
    return {
        **({"explorer": explorer_page(page)} if page else {}),
        "dagster/column_schema": column_schema(table),
        "contract": f"data_contracts/{table}.odcs.yaml, version {contract_version(table)}",
        "key": ", ".join(primary_key(table)),
    }


def _shown(value: object) -> str | int | float | bool | None:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if value is None or isinstance(value, int | bool):
        return value
    text = str(value)
    return text if len(text) <= _PREVIEW_CHARACTERS else f"{text[:_PREVIEW_CHARACTERS]}…"


def table_value(frame: pl.DataFrame) -> dg.MetadataValue:
    """A small frame as a table in the UI; long texts are cut, visibly."""
    records = [
        dg.TableRecord({name: _shown(value) for name, value in row.items()})
        for row in frame.iter_rows(named=True)
    ]
    return dg.MetadataValue.table(
        records,
        schema=dg.TableSchema(
            columns=[dg.TableColumn(name, str(kind)) for name, kind in frame.schema.items()]
        ),
    )


def materialized(table: str, frame: pl.LazyFrame, seconds: float) -> Metadata:
    """What a materialization of a table tells: rows, a preview, the lineage and the time."""
    return {
        "dagster/row_count": int(frame.select(pl.len()).collect().item()),
        "dagster/column_lineage": dg.MetadataValue.column_lineage(column_lineage(table)),
        "preview": table_value(frame.head(_PREVIEW_ROWS).collect()),
        "seconds": round(seconds, 3),
    }


def counts(frame: pl.LazyFrame, column: str) -> dg.MetadataValue:
    """How many rows hold each value of a column."""
    counted = frame.group_by(column).len("n_rows").sort(column).collect()
    return dg.MetadataValue.json(dict(counted.iter_rows()))


def spent(effort: Effort) -> Metadata:
    """What a judge did for a materialization; nothing for one that makes no calls."""
    if not effort.n_calls and not effort.n_recorded_calls:
        return {}
    told: Metadata = {
        "n_judge_calls": effort.n_calls,
        "n_recorded_calls": effort.n_recorded_calls,
        "n_retries": effort.n_retries,
        "prompt_tokens": effort.prompt_tokens,
        "completion_tokens": effort.completion_tokens,
        "judge_seconds": round(effort.seconds, 1),
    }
    cost = "not known: no price" if effort.cost_usd is None else round(effort.cost_usd, 6)
    return {**told, "cost_usd": cost}
