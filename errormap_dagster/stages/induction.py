"""Induction as a stage: a taxonomy is grown from all but a held-out share, and its record kept."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from errormap_dagster.domain.growth import Growth
from errormap_dagster.domain.growth_record import Inputs, divided, input_rows, step_rows
from errormap_dagster.domain.records import Category, JudgedError
from errormap_dagster.parts import fingerprint, part
from errormap_dagster.project import Project
from errormap_dagster.tables import CODE_VERSIONS, INDUCTION_TABLES


class Induction(NamedTuple):
    """A taxonomy that was grown, and the errors that it was grown from and held out of it."""

    growth: Growth
    inputs: Inputs


def inputs_of_growth(project: Project, errors: Sequence[JudgedError]) -> Inputs:
    """The errors that a taxonomy would be grown from, and those that would be held out."""
    taxonomy = project.settings.taxonomy
    return divided(errors, taxonomy.held_out_share, taxonomy.seed)


def induce(
    project: Project, errors: Sequence[JudgedError], base: Sequence[Category] = ()
) -> Induction:
    """Grow a taxonomy from errors, all but the held-out share, on the categories of a base.

    Raises:
        JudgeStoppedError: the judge gave no usable list.
    """
    inputs = inputs_of_growth(project, errors)
    limits = project.taxonomy_limits
    return Induction(project.judge.build_categories(inputs.grown_from, limits, base), inputs)


def keep_induction(project: Project, taxonomy: str, version: int, induction: Induction) -> None:
    """Add the inputs and the steps of a version to their tables; in place of those it had."""
    made = (
        input_rows(taxonomy, version, induction.inputs),
        step_rows(taxonomy, version, induction.growth.steps),
    )
    for table, rows in zip(INDUCTION_TABLES, made, strict=True):
        is_of = (pl.col("taxonomy") == taxonomy) & (pl.col("version") == version)
        others = project.store.scan(table).filter(~is_of).collect()
        together = pl.concat([others, rows])
        mark = fingerprint(code=CODE_VERSIONS[table], tables=part(together.write_json()))
        project.store.write(table, together, mark)
