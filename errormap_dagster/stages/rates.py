"""Failure rates of evaluations, from the tables: for drift checks and reports."""

import polars as pl

from errormap_dagster.evaluations import Evaluation
from errormap_dagster.store import Store


def failure_rates(store: Store) -> dict[str, float]:
    """The failure rate of every evaluation, 0 to 1, by the evaluation's key, sorted."""
    key = ["dataset", "model"]
    predictions = store.scan("raw_predictions").group_by(key).len("n_predictions")
    failed = store.scan("failures").group_by(key).len("n_failures")
    rate = pl.col("n_failures").fill_null(0) / pl.col("n_predictions")
    rows = predictions.join(failed, on=key, how="left").select(*key, rate).sort(key).collect()
    return {Evaluation(dataset, model).key: share for dataset, model, share in rows.iter_rows()}
