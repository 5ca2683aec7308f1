"""The record of calls as a table: what was asked of a judge, how it ended, and what it cost."""

from dataclasses import asdict

import polars as pl

from errormap_dagster.contracts.registry import column_names, empty_frame, polars_schema
from errormap_dagster.parts import fingerprint, part
from errormap_dagster.project import Project
from errormap_dagster.tables import CODE_VERSIONS

_TABLE = "judge_calls"


def make_judge_calls(project: Project) -> bool:
    """Write ``judge_calls`` from the record unless it stands already; whether it was written."""
    rows = _recorded(project) if project.has_judge_calls else empty_frame(_TABLE)
    mark = fingerprint(code=CODE_VERSIONS[_TABLE], tables=part(rows.write_json()))
    if project.store.fingerprint(_TABLE) == mark:
        return False
    project.store.write(_TABLE, rows, mark)
    return True


def _recorded(project: Project) -> pl.DataFrame:
    """The calls without their replies, which stay in the record."""
    from errormap_dagster.judge.llm.record import (  # noqa: PLC0415 - only where calls were made
        CallRecord,
    )

    record = CallRecord.open(project.judge_calls_url)
    names = column_names(_TABLE)
    rows = [{name: asdict(call)[name] for name in names} for call in record.rows()]
    record.close()
    return pl.DataFrame(rows, schema=polars_schema(_TABLE)).sort("call_id")
