import polars as pl
import pytest

from errormap_dagster.contracts.registry import polars_schema
from errormap_dagster.domain.ledger import build_ledger, reconcile

OUTCOMES = ["assigned", "other", "unassigned", "no_error_found", "judge_failed", "not_sampled"]


def table(name: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(
        [{"dataset": "d", "model": "m", **row} for row in rows], schema=polars_schema(name)
    )


FAILURES = table(
    "failures",
    [
        {"prediction_id": name, "is_sampled": name != "not_sampled", "sampling_weight": 1.5}
        for name in OUTCOMES
    ],
)
JUDGED = table(
    "judged_errors",
    [
        {
            "prediction_id": name,
            "outcome": name if name in {"no_error_found", "judge_failed"} else "error_found",
            "error_summary": f"about {name}",
        }
        for name in OUTCOMES[:-1]
    ],
)
ASSIGNED = table(
    "category_assignments",
    [
        {"prediction_id": name, "status": name, "taxonomy": taxonomy, "version": 1}
        for name in OUTCOMES[:3]
        for taxonomy in ("atlas", "induced")
    ],
)


def ledger(judged: pl.DataFrame = JUDGED, assigned: pl.DataFrame = ASSIGNED) -> pl.DataFrame:
    return build_ledger(FAILURES, judged, assigned, taxonomy="atlas", version=1)


def test_every_failure_has_one_outcome() -> None:
    rows = ledger()
    assert dict(rows.select("prediction_id", "outcome").iter_rows()) == {n: n for n in OUTCOMES}
    assert reconcile(FAILURES, JUDGED, rows) == []


def test_failures_without_an_error_keep_the_judges_reason() -> None:
    reasons = dict(ledger().select("prediction_id", "reason").iter_rows())
    assert reasons["no_error_found"] == "about no_error_found"
    assert "sample" in str(reasons["not_sampled"])


@pytest.mark.parametrize(
    ("judged", "rows", "problem", "named"),
    [
        pytest.param(
            JUDGED.filter(pl.col("prediction_id") != "other"),
            ledger(),
            "was sampled but never judged",
            "other",
            id="a judgement was lost",
        ),
        pytest.param(
            JUDGED,
            ledger(assigned=ASSIGNED.filter(pl.col("prediction_id") != "assigned")),
            "has no outcome",
            "assigned",
            id="an assignment was lost",
        ),
        pytest.param(
            pl.concat([JUDGED, JUDGED.head(1)]),
            ledger(),
            "was judged more than once",
            "assigned",
            id="a failure was judged twice",
        ),
        pytest.param(
            JUDGED,
            pl.concat([ledger(), ledger().tail(1)]),
            "has more than one outcome",
            "unassigned",
            id="an outcome was repeated",
        ),
        pytest.param(
            JUDGED,
            pl.concat([ledger(), ledger().head(1).with_columns(prediction_id=pl.lit("made up"))]),
            "has an outcome but did not fail",
            "made up",
            id="a row was made up",
        ),
    ],
)
def test_what_does_not_add_up_is_named(
    judged: pl.DataFrame, rows: pl.DataFrame, problem: str, named: str
) -> None:
    (found,) = reconcile(FAILURES, judged, rows)
    assert (found.dataset, found.model, found.problem) == ("d", "m", problem)
    assert found.prediction_ids == [named]
