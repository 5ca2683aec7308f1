"""What is kept of the growing of a taxonomy version: its inputs and every step, as rows."""

import json
from collections.abc import Sequence
from typing import Final, NamedTuple

import polars as pl

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.growth import InductionStep
from errormap_dagster.domain.identity import hash_fraction
from errormap_dagster.domain.records import JudgedError

FEWEST_TO_HOLD_OUT: Final = 50
"""With fewer errors than this none is held out: all are needed."""


class Inputs(NamedTuple):
    """Errors as a growing takes them: those it works on, and those it is measured on."""

    grown_from: list[JudgedError]
    held_out: list[JudgedError]


def divided(errors: Sequence[JudgedError], held_out_share: float, seed: int) -> Inputs:
    """Hold a seeded share of errors out; each by its id alone, whatever else there is."""
    if len(errors) < FEWEST_TO_HOLD_OUT:
        return Inputs(list(errors), [])
    kept, out = [], []
    for error in errors:
        draw = hash_fraction(seed, f"held_out:{error.prediction_id}")
        (out if draw < held_out_share else kept).append(error)
    return Inputs(kept, out)


def input_rows(taxonomy: str, version: int, inputs: Inputs) -> pl.DataFrame:
    """Rows of ``taxonomy_inputs``, in order of prediction_id."""
    told = [(e.prediction_id, False) for e in inputs.grown_from]
    told += [(e.prediction_id, True) for e in inputs.held_out]
    rows = [(taxonomy, version, *row) for row in sorted(told)]
    return pl.DataFrame(rows, schema=polars_schema("taxonomy_inputs"), orient="row")


def step_rows(taxonomy: str, version: int, steps: Sequence[InductionStep]) -> pl.DataFrame:
    """Rows of ``taxonomy_steps``, in their order."""
    rows = [
        {
            "taxonomy": taxonomy,
            "version": version,
            "step": step.number,
            "operation": step.operation.value,
            "parent_category_id": step.parent_category_id,
            "n_titles": step.n_titles,
            "n_errors": step.n_errors,
            "n_categories": len(step.categories),
            "is_changed": step.is_changed,
            "categories": json.dumps(
                [{"name": name, "description": told} for name, told in step.categories],
                ensure_ascii=False,
            ),
            "reason": step.reason,
            "call_id": step.call_id,
        }
        for step in steps
    ]
    return pl.DataFrame(rows, schema=polars_schema("taxonomy_steps"))
