from typing import Any

import dagster as dg
import pytest

from errormap_dagster.assets.dbt import test_description as describe
from errormap_dagster.assets.dbt import with_plain_types

COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("model", "character varying(256)", "Who answered."),
        dg.TableColumn("n_errors", "BIGINT"),
    ]
)


def test_a_text_is_shown_without_the_length_that_it_does_not_have() -> None:
    event = dg.Output(None, metadata={"dagster/column_schema": COLUMNS, "seconds": 1.0})
    told = with_plain_types(event).metadata
    columns = told["dagster/column_schema"].schema.columns
    assert [(c.name, c.type, c.description) for c in columns] == [
        ("model", "VARCHAR", "Who answered."),
        ("n_errors", "BIGINT", None),
    ]
    assert told["seconds"].value == 1.0


def test_an_event_without_columns_stays_as_it_is() -> None:
    event = dg.AssetCheckResult(passed=True)
    assert with_plain_types(event) is event


@pytest.mark.parametrize(
    ("node", "told"),
    [
        (
            {"test_metadata": {"name": "unique_combination", "kwargs": {"columns": ["a", "b"]}}},
            "No two rows have the same a, b.",
        ),
        (
            {
                "test_metadata": {
                    "name": "relationships",
                    "kwargs": {"column_name": "model", "field": "model", "to": "ref('dim_models')"},
                }
            },
            "Each model is the model of a row of dim_models.",
        ),
        ({"description": "Shares sum to 1."}, "Shares sum to 1."),
    ],
)
def test_a_check_of_dbt_says_what_it_makes_sure_of(node: dict[str, Any], told: str) -> None:
    assert describe(node) == told
