"""The judge's trust card as a stage: second readings, and what they say of the judge."""

import polars as pl

from errormap_dagster.contracts.registry import empty_frame, primary_key
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.domain.trust import (
    Kind,
    Reviewing,
    top_categories,
    trust_rows,
)
from errormap_dagster.judge.interface import Operation
from errormap_dagster.parts import fingerprint, part
from errormap_dagster.project import Project
from errormap_dagster.stages.reviews import UNCLEAR, answers_of, human_reviews, review_text
from errormap_dagster.stages.taxonomies import categories_of, versions_in_force
from errormap_dagster.tables import CODE_VERSIONS, TRUST_TABLES

_NOT_COUNTED = (UNCLEAR, "judge_failed")
_NOBODY = "nobody has reviewed any: `errormap review export`, fill in, `errormap review import`"


def trust_fingerprint(project: Project) -> str:
    """The judged errors and their categories, and what people said of them."""
    return fingerprint(
        code=part(*(CODE_VERSIONS[table] for table in TRUST_TABLES)),
        reviews=part(review_text(project)),
        taxonomies=project.fingerprints.taxonomies(),
        evaluations=project.fingerprints.of_all(
            "failures", "judged_errors", "category_assignments"
        ),
    )


def make_trust(project: Project) -> bool:
    """Write the tables of second readings unless they stand already; whether they were written."""
    mark = trust_fingerprint(project)
    if all(project.store.fingerprint(table) == mark for table in TRUST_TABLES):
        return False
    reviews = human_reviews(project).sort(primary_key("judge_reviews"))
    judges = project.store.scan("judged_errors").select("judge").unique().collect()["judge"]
    judge = ", ".join(sorted(judges)) or project.judge.identity(Operation.ANALYSE).judge
    frames = [_of_version(project, key, reviews, judge) for key in versions_in_force(project)]
    for table, rows in zip(
        TRUST_TABLES, (reviews, pl.concat([empty_frame("judge_trust"), *frames])), strict=True
    ):
        project.store.write(table, rows, mark)
    return True


def _of_version(
    project: Project, key: VersionKey, reviews: pl.DataFrame, judge: str
) -> pl.DataFrame:
    answers = answers_of(project, key)
    tops = top_categories(categories_of(project, key))
    of_version = reviews.filter(
        pl.col("taxonomy") == key.taxonomy, pl.col("version") == key.version
    )
    frames: list[pl.DataFrame] = []
    for kind in (Kind.HUMAN,):
        given = of_version.filter(pl.col("kind") == kind.value)
        said = _one_per_failure(given.join(answers, on="prediction_id", how="semi"), tops)
        reviewer = ", ".join(sorted(set(given["reviewer"]))) or None
        told = Reviewing(*key, kind, judge, reviewer)
        frames.append(
            trust_rows(
                told, answers, said, given["prediction_id"].n_unique() - said.height, _NOBODY
            )
        )
    return pl.concat(frames)


def _one_per_failure(reviews: pl.DataFrame, tops: dict[str, str]) -> pl.DataFrame:
    """One answer per failure: what most readers say; of a tie, what was said last."""
    counted = reviews.filter(~pl.col("answer").is_in(_NOT_COUNTED)).with_columns(
        pl.col("answer").replace(tops)
    )
    votes = counted.group_by("prediction_id", "answer").agg(
        pl.len(), pl.col("reviewed_at").max().alias("last")
    )
    ordered = votes.sort(
        ["prediction_id", "len", "last", "answer"], descending=[False, True, True, False]
    )
    first = ordered.unique("prediction_id", keep="first", maintain_order=True)
    return first.select("prediction_id", "answer")
