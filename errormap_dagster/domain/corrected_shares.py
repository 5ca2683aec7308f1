"""Each model's shares as the judge has them, corrected by what people found in all of them.

How often the judge misses a category, and how often it names it wrongly, is estimated over the
whole reviewed sample and taken to be the same for every model and dataset: of one alone there are
rarely enough reviews. Where the judge reads one model better than another, the correction is off.
"""

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from errormap_dagster.contracts.registry import empty_frame, polars_schema
from errormap_dagster.domain.agreement import Estimate, rogan_gladen, share
from errormap_dagster.domain.signature import ALL_DATASETS
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.domain.trust import lacking, readings_of

_TABLE = "corrected_shares"
_NOT_SAID = "no reviewer named it, so how much of it the judge misses is not known"
_NO_GAIN = "the judge names it as often where it is as where it is not"


class _Rates(NamedTuple):
    """How well the judge tells one answer from the rest; None where the reviews do not say."""

    recall: Estimate | None
    specificity: Estimate | None


def corrected_shares(key: VersionKey, answers: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``corrected_shares`` of one version; none where the reviews do not speak for all.

    Args:
        key: of the version.
        answers: rows of ``judge_answers``.
        said: prediction_id and answer of people, one per failure.
    """
    readings = readings_of(answers, said)
    if readings is None or lacking(answers, readings):
        return empty_frame(_TABLE)
    rates: dict[str, _Rates] = {}
    for name in sorted({*answers["answer"], *said["answer"]}):
        named, found = readings.judge == name, readings.reviewer == name
        rates[name] = _Rates(share(readings, named, found), share(readings, ~named, ~found))
    rows = [
        {**key._asdict(), **place, **row}
        for place, part in _parts(answers)
        for row in _rows(part, rates)
    ]
    return pl.DataFrame(rows, polars_schema(_TABLE)).sort("dataset", "model", "category_id")


def _parts(answers: pl.DataFrame) -> Iterator[tuple[dict[str, str], pl.DataFrame]]:
    """The failures of each model, over all datasets and on each."""
    for part in answers.partition_by("model", maintain_order=True):
        yield {"dataset": ALL_DATASETS, "model": part["model"][0]}, part
    for part in answers.partition_by("dataset", "model", maintain_order=True):
        yield {"dataset": part["dataset"][0], "model": part["model"][0]}, part


def _rows(part: pl.DataFrame, rates: dict[str, _Rates]) -> Iterator[dict[str, object]]:
    weight = part["sampling_weight"].to_numpy()
    n_effective = float(weight.sum() ** 2 / (weight**2).sum())
    for name, (recall, specificity) in rates.items():
        is_named = (part["answer"] == name).to_numpy()
        raw = float((weight * is_named).sum() / weight.sum())
        found, reason = None, _NOT_SAID
        if recall and specificity:
            found, reason = rogan_gladen(raw, n_effective, recall, specificity), _NO_GAIN
        yield {
            "category_id": name,
            "n_judged": part.height,
            "n_named": int(is_named.sum()),
            "raw_share": min(raw, 1.0),
            "corrected_share": found and found.value,
            "corrected_share_low": found and found.low,
            "corrected_share_high": found and found.high,
            "reason": None if found else reason,
        }
