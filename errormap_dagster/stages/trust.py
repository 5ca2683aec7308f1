"""The judge's trust card as a stage: second readings, and what they say of the judge."""

from collections.abc import Sequence
from dataclasses import astuple

import polars as pl

from errormap_dagster.contracts.registry import empty_frame, primary_key
from errormap_dagster.domain.corrected_shares import corrected_shares
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.domain.trust import (
    NOT_COUNTED,
    Kind,
    Reviewing,
    top_categories,
    trust_rows,
)
from errormap_dagster.judge.interface import Effort, Operation
from errormap_dagster.parts import fingerprint, part, parts_of
from errormap_dagster.project import Project
from errormap_dagster.stages.results import reported_version
from errormap_dagster.stages.reviews import answers_of, human_reviews, review_text
from errormap_dagster.stages.second_readings import (
    Readers,
    SecondReadings,
    read_again,
    second_readers,
)
from errormap_dagster.stages.taxonomies import categories_of, versions_in_force
from errormap_dagster.tables import CODE_VERSIONS, TRUST_TABLES

_READINGS, _TRUST, _SHARES = TRUST_TABLES
_REVIEWS = "reviews"
_NOBODY = "nobody has reviewed any: `errormap review export`, fill in, `errormap review import`"
_NOTHING = "no failure of the sample could be read"


def trust_fingerprint(project: Project) -> str:
    """The judged errors and their categories, and who reads and reviews them."""
    return _fingerprint(project, second_readers(project))


def _fingerprint(project: Project, readers: Readers) -> str:
    trust, asked = project.settings.trust, {}
    if readers.readers:
        told = [
            (reader.name, *(value for who in reader.identities for value in astuple(who)))
            for reader in readers.readers
        ]
        asked = {
            "judge": part(*(value for reader in told for value in reader)),
            "sampling": part(trust.sample, trust.seed),
            "reported": part(project.settings.taxonomy.reported),
        }
    return fingerprint(
        code=part(*(CODE_VERSIONS[table] for table in TRUST_TABLES)),
        **{_REVIEWS: part(review_text(project))},
        taxonomies=project.fingerprints.taxonomies(),
        evaluations=project.fingerprints.of_all(
            "failures", "judged_errors", "category_assignments"
        ),
        **asked,
    )


def is_read_again(project: Project) -> bool:
    """Whether what judges are to read again stands as it should; people's reviews aside."""
    stored, now = (
        {name: value for name, value in parts_of(text).items() if name != _REVIEWS}
        for text in (project.store.fingerprint(_READINGS), trust_fingerprint(project))
    )
    return stored == now


def make_trust(project: Project) -> Effort:
    """Write the tables of second readings unless they stand already; what was asked for them."""
    readers = second_readers(project)
    mark = _fingerprint(project, readers)
    if all(project.store.fingerprint(table) == mark for table in TRUST_TABLES):
        return Effort()
    if is_read_again(project):
        stored = project.store.read(_READINGS)
        again = SecondReadings(stored.filter(pl.col("kind") != Kind.HUMAN.value))
    else:
        again = read_again(project, readers.readers, project.judge_of)
    if again.stopped:
        # The next run asks again.
        mark = fingerprint(**{**parts_of(mark), "judge": part(*again.stopped.values())})
    rows = pl.concat([human_reviews(project), again.rows]).sort(primary_key(_READINGS))
    reasons = {Kind.HUMAN: _NOBODY, **readers.reasons}
    reasons |= {reader.kind: _NOTHING for reader in readers.readers} | again.stopped
    project.store.write(_READINGS, rows, mark)
    trust, shares = _trust(project, rows, reasons)
    project.store.write(_TRUST, trust, mark)
    project.store.write(_SHARES, shares, mark)
    return again.effort


def _trust(
    project: Project, readings: pl.DataFrame, reasons: dict[Kind, str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of ``judge_trust`` and of ``corrected_shares``."""
    judges = project.store.scan("judged_errors").select("judge").unique().collect()["judge"]
    judge = ", ".join(sorted(judges)) or project.judge.identity(Operation.ANALYSE).judge
    versions = versions_in_force(project)
    # Judges read a sample that was drawn by the reported taxonomy, whatever the version.
    drawn = answers_of(project, VersionKey(*reported_version(project)))
    frames, shares = [empty_frame(_TRUST)], [empty_frame(_SHARES)]
    for key in versions:
        answers = answers_of(project, key)
        by_reported = answers.drop("stratum").join(
            drawn.select("prediction_id", "stratum"), on="prediction_id", maintain_order="left"
        )
        of_version = readings.filter(
            pl.col("taxonomy") == key.taxonomy, pl.col("version") == key.version
        )
        tops = top_categories(categories_of(project, key))
        for kind in Kind:
            given = of_version.filter(pl.col("kind") == kind.value)
            reviewer = ", ".join(sorted(set(given["reviewer"]))) or None
            told = Reviewing(*key, kind, judge, reviewer)
            counted = _counted(given, answers["prediction_id"].to_list()).with_columns(
                pl.col("answer").replace(tops)
            )
            said = counted if kind is not Kind.HUMAN else _one_per_failure(counted)
            left = given.height - counted.height
            seen = answers if kind is Kind.HUMAN else by_reported
            frames.append(trust_rows(told, seen, said, left, reasons[kind]))
            if kind is Kind.HUMAN:
                shares.append(corrected_shares(key, answers, said))
    return pl.concat(frames), pl.concat(shares)


def _counted(readings: pl.DataFrame, judged: Sequence[str]) -> pl.DataFrame:
    """The readings that say something of a failure that the judge could read."""
    is_counted = ~pl.col("answer").is_in(NOT_COUNTED) & pl.col("prediction_id").is_in(judged)
    return readings.filter(is_counted).select("prediction_id", "answer", "reviewed_at")


def _one_per_failure(readings: pl.DataFrame) -> pl.DataFrame:
    """One answer per failure: what most readers say; of a tie, what was said last."""
    votes = readings.group_by("prediction_id", "answer").agg(
        pl.len(), pl.col("reviewed_at").max().alias("last")
    )
    ordered = votes.sort(
        ["prediction_id", "len", "last", "answer"], descending=[False, True, True, False]
    )
    return ordered.unique("prediction_id", keep="first", maintain_order=True)
