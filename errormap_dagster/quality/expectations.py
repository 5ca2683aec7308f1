"""The contracts' value rules, run by Great Expectations. The only module that imports it.

Great Expectations reads pandas, so the columns that rules name, and only those, are handed over
as Arrow-backed pandas. Its import takes seconds: it waits until a check runs.
"""

import logging
from typing import Any, Literal, NamedTuple

import polars as pl

from errormap_dagster.contracts.registry import Expectation, contract_version, expectations

_VALUES_SHOWN = 5


class BrokenExpectation(NamedTuple):
    """A rule that the data do not keep."""

    rule: str
    column: str
    n_rows: int
    values: list[str]


class ExpectationReport(NamedTuple):
    """What came of a table's rules."""

    n_evaluated: int
    broken: list[BrokenExpectation]


def _columns_of(rule: Expectation) -> list[str]:
    many = rule.kwargs.get("column_list", [])
    one = rule.kwargs.get("column")
    return [*([str(one)] if one else []), *(many if isinstance(many, list) else [])]


def check_expectations(table: str, frame: pl.LazyFrame) -> ExpectationReport:
    """Run the rules of a table's contract whose columns stand in ``frame``.

    Args:
        table: its contract holds the rules.
        frame: the table, with or without derived columns (such as ``failure_rate_change``).
    """
    present = set(frame.collect_schema().names())
    rules = [rule for rule in expectations(table) if present.issuperset(_columns_of(rule))]
    names = sorted({name for rule in rules for name in _columns_of(rule)})
    data = frame.select(names).collect()
    if data.is_empty() or not rules:
        return ExpectationReport(len(rules), [])
    return ExpectationReport(len(rules), _validate(table, rules, data))


def _validate(table: str, rules: list[Expectation], data: pl.DataFrame) -> list[BrokenExpectation]:
    import great_expectations as gx  # noqa: PLC0415 - seconds of import, paid only by a check
    from great_expectations.data_context.types.base import (  # noqa: PLC0415 - as above
        ProgressBarsConfig,
    )
    from great_expectations.expectations.registry import (  # noqa: PLC0415 - as above
        get_expectation_impl,
    )

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("tables").add_dataframe_asset(table)
    batch = source.add_batch_definition_whole_dataframe("whole").get_batch(
        {"dataframe": data.to_pandas(use_pyarrow_extension_array=True)}
    )

    def results_of(
        chosen: list[Expectation], result_format: Literal["BOOLEAN_ONLY", "SUMMARY"]
    ) -> list[Any]:
        suite = gx.ExpectationSuite(
            name=f"{table} {contract_version(table)} {result_format}",
            expectations=[
                get_expectation_impl(rule.type)(**rule.kwargs, meta={"place": place})
                for place, rule in enumerate(chosen)
            ],
        )
        return batch.validate(suite, result_format=result_format).results

    # Whether a rule holds costs a third of what its values and counts do; those are asked for
    # where it does not.
    verdicts = results_of(rules, "BOOLEAN_ONLY")
    places = [v.expectation_config.meta["place"] for v in verdicts if not v.success]
    failed = [rules[place] for place in sorted(places)]
    return [_broken(result) for result in results_of(failed, "SUMMARY")] if failed else []


def _broken(result: Any) -> BrokenExpectation:
    config = result.expectation_config
    found = result.result
    columns = _columns_of(Expectation(config.type, config.kwargs))
    return BrokenExpectation(
        config.type,
        ", ".join(columns),
        int(found.get("unexpected_count") or 0),
        [str(value) for value in found.get("partial_unexpected_list", [])[:_VALUES_SHOWN]],
    )
