"""How far a judge's categories can be trusted: a second reader's answers held against its own.

An answer is a category of depth 1, or what stands in its place. A person's reading of a deeper
category counts for the one at the top. What is drawn for review is stratified by the judge's
answers; what was reviewed stands for all failures with the same answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import polars as pl

from errormap_dagster.contracts.registry import empty_frame, polars_schema
from errormap_dagster.domain.agreement import Estimate, Readings, kappa, share
from errormap_dagster.domain.identity import hash_fraction
from errormap_dagster.domain.records import Category, Outcome
from errormap_dagster.domain.taxonomy import category_paths

OVERALL = "all"
"""Stands for all answers together where a category's id would stand."""
OTHER, UNASSIGNED = "other", "unassigned"
NO_ERROR = Outcome.NO_ERROR_FOUND.value
WITHOUT_CATEGORY = (OTHER, UNASSIGNED, NO_ERROR)
"""Answers that are no category."""
UNCLEAR = "unclear"
NOT_COUNTED = (UNCLEAR, Outcome.JUDGE_FAILED.value)
"""Readings that say nothing of a failure."""
_EVENLY: Final = 0.5
"""Part of a sample that is spread evenly over the answers; the rest is as they occur."""
_ENOUGH: Final = 0.95
"""Share of the judged failures that reviewed answers must stand for to speak for all of them."""


class Kind(StrEnum):
    """Who read the failures a second time."""

    HUMAN = "human"
    SECOND_JUDGE = "second_judge"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Reviewing:
    """What a row of ``judge_trust`` says of itself.

    Attributes:
        taxonomy: the answers' taxonomy.
        version: and its version.
        kind: of the second reader.
        judge: whose answers are reviewed.
        reviewer: who read them a second time; None where nobody did.
    """

    taxonomy: str
    version: int
    kind: Kind
    judge: str
    reviewer: str | None = None

    def row(self, category_id: str, **values: object) -> dict[str, object]:
        """A row of the table; what is not named is null."""
        return {
            **dict.fromkeys(polars_schema("judge_trust").names()),
            "taxonomy": self.taxonomy,
            "version": self.version,
            "kind": self.kind.value,
            "judge": self.judge,
            "reviewer": self.reviewer,
            "category_id": category_id,
            **values,
        }


def top_categories(categories: Sequence[Category]) -> dict[str, str]:
    """For each category the one of depth 1 that it lies in; for answers without one, themselves."""
    tops = {name: path[0] for name, path in category_paths(categories).items()}
    return {**{name: name for name in WITHOUT_CATEGORY}, **tops}


def judge_answers(
    judged: pl.DataFrame, assigned: pl.DataFrame, tops: Mapping[str, str]
) -> pl.DataFrame:
    """What the judge said of each failure that it could read, under one taxonomy version.

    Args:
        judged: prediction_id, dataset, model, outcome and sampling_weight of each failure that was
            read.
        assigned: the rows of ``category_assignments`` of the version.
        tops: as of ``top_categories``.

    Returns:
        prediction_id, dataset, model, sampling_weight, answer and stratum (the answer), sorted by
        prediction_id.
    """
    placed = assigned.select("prediction_id", "status", "category_id")
    answer = (
        pl.when(pl.col("outcome") == NO_ERROR)
        .then(pl.lit(NO_ERROR))
        .otherwise(pl.coalesce("category_id", "status", pl.lit(UNASSIGNED)))
    )
    return (
        judged.filter(pl.col("outcome") != Outcome.JUDGE_FAILED.value)
        .join(placed, on="prediction_id", how="left")
        .select(
            *("prediction_id", "dataset", "model", "sampling_weight"), answer=answer.replace(tops)
        )
        .with_columns(stratum="answer")
        .sort("prediction_id")
    )


def in_order_of_review(answers: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The failures in the order in which they are to be reviewed: any first part is a sample.

    Half of a sample is spread evenly over the judge's answers, half is as they occur; within an
    answer the order is that of a seeded hash. A longer sample holds every shorter one.

    Args:
        answers: rows of ``judge_answers``.
        seed: of the hash.
    """
    draws = [hash_fraction(seed, prediction_id) for prediction_id in answers["prediction_id"]]
    n_of_answer = pl.len().over("answer")
    rate = _EVENLY / pl.col("answer").n_unique() + (1 - _EVENLY) * n_of_answer / pl.len()
    return (
        answers.with_columns(draw=pl.Series(draws, dtype=pl.Float64))
        .with_columns(turn=pl.col("draw").rank("ordinal").over("answer") / rate)
        .sort("turn", "draw", "prediction_id")
        .drop("turn", "draw")
    )


def trust_rows(
    told: Reviewing, answers: pl.DataFrame, said: pl.DataFrame, n_not_counted: int, reason: str
) -> pl.DataFrame:
    """Rows of ``judge_trust``: all answers together, then each answer against the rest.

    Args:
        told: what the rows say of themselves.
        answers: rows of ``judge_answers``: all that was judged; what was read is a draw from
            each stratum.
        said: prediction_id and answer of the second reader, perhaps several of a failure.
        n_not_counted: readings that are not in ``said``.
        reason: why there is nothing to say where ``said`` is empty.
    """
    readings = readings_of(answers, said)
    if readings is None:
        none = {"n_judged": answers.height, "n_reviewed": 0, "n_not_counted": n_not_counted}
        return _frame([told.row(OVERALL, **none, reason=reason)])
    weight = pl.col("sampling_weight")
    of_answer = (
        answers.group_by("answer", maintain_order=True).agg(pl.len(), weight.sum()).sort("answer")
    )
    sizes = {name: (n, total) for name, n, total in of_answer.iter_rows()}
    whole = float(answers["sampling_weight"].sum())
    lacks = lacking(answers, readings)
    everything = np.ones(len(readings.judge), dtype=bool)
    agreed = None if lacks else share(readings, readings.judge == readings.reviewer, everything)
    rows = [
        told.row(
            OVERALL,
            n_judged=answers.height,
            n_reviewed=len(np.unique(readings.unit)),
            n_not_counted=n_not_counted,
            represented_share=_represented(answers, readings),
            **_columns("agreement_share", agreed),
            **_kappa(readings, lacks),
        )
    ]
    for name in sorted({*sizes, *readings.reviewer}):
        n_judged, total = sizes.get(name, (0, 0.0))
        counted = {"n_judged": n_judged, "raw_share": min(total / whole, 1.0)}
        rows.append(told.row(name, **counted, **_of_category(told, readings, name, lacks)))
    return _frame(rows)


def readings_of(answers: pl.DataFrame, said: pl.DataFrame) -> Readings | None:
    """The second readings as a sample of what was judged; None without any.

    Args:
        answers: rows of ``judge_answers``.
        said: prediction_id and answer of the second reader.
    """
    told = said.select("prediction_id", said="answer").sort("*")
    joined = answers.join(told, on="prediction_id", maintain_order="left_right")
    if joined.is_empty():
        return None
    n_of_stratum = dict(answers.group_by("stratum").len().iter_rows())
    read = joined.group_by("stratum").agg(pl.col("prediction_id").n_unique())
    n_read = dict(read.iter_rows())
    drawn = np.array([n_read[name] / n_of_stratum[name] for name in joined["stratum"]])
    weight = answers["sampling_weight"].to_numpy()
    times = joined.select(pl.len().over("prediction_id")).to_series().to_numpy()
    return Readings(
        judge=joined["answer"].to_numpy(),
        reviewer=joined["said"].to_numpy(),
        stratum=joined["stratum"].to_numpy(),
        unit=joined["prediction_id"].rank("dense").to_numpy().astype(int) - 1,
        weight=joined["sampling_weight"].to_numpy() / drawn / times,
        drawn_share=drawn,
        n_judged=float(weight.sum() ** 2 / (weight**2).sum()),
    )


def _of_category(
    told: Reviewing, readings: Readings, name: str, lacks: str | None
) -> dict[str, object]:
    named, said = readings.judge == name, readings.reviewer == name
    everything = np.ones(len(named), dtype=bool)
    # Only people's answers correct a judge's; another judge's are another opinion.
    corrected = share(readings, said, everything) if told.kind is Kind.HUMAN else None
    values = {
        "n_reviewed": len(np.unique(readings.unit[named | said])),
        "n_named_by_reviewer": int(said.sum()),
        "n_agreed": int((named & said).sum()),
        **_columns("precision_share", share(readings, said, named)),
    }
    if lacks:
        return {**values, "reason": lacks}
    return {
        **values,
        **_kappa(readings.of_category(name), None),
        **_columns("recall_share", share(readings, named, said)),
        **_columns("corrected_share", corrected),
    }


def _kappa(readings: Readings, lacks: str | None) -> dict[str, object]:
    found = None if lacks else kappa(readings)
    why = lacks or (None if found else "one answer throughout: agreement by chance is certain")
    return {**_columns("kappa", found), "reason": why}


def _represented(answers: pl.DataFrame, readings: Readings) -> float:
    """Share of the judged failures, weighted, whose stratum has a reading."""
    weight = answers["sampling_weight"].to_numpy()
    is_seen = np.isin(answers["stratum"].to_numpy().astype(str), readings.stratum.astype(str))
    return min(float(weight[is_seen].sum() / weight.sum()), 1.0)


def lacking(answers: pl.DataFrame, readings: Readings) -> str | None:
    """Why the readings do not speak for all that was judged; None when they do."""
    seen = _represented(answers, readings)
    if seen >= _ENOUGH:
        return None
    return (
        f"the answers with a reading stand for {seen:.0%} of the judged failures only; "
        "review some of each answer"
    )


def _columns(name: str, found: Estimate | None) -> dict[str, object]:
    if found is None:
        return {}
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def _frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.concat([empty_frame("judge_trust"), pl.DataFrame(rows, polars_schema("judge_trust"))])
