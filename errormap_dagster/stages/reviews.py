"""What people say of the judge's errors: the sample for review, and their answers in a file.

The answers lie in the home as ``reviews/errors.csv``; whoever keeps it in version control can merge
it there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from errormap_dagster.contracts.registry import empty_frame
from errormap_dagster.domain.records import Category, Outcome
from errormap_dagster.domain.taxonomy import named_paths
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.domain.trust import (
    NO_ERROR,
    OTHER,
    UNCLEAR,
    Kind,
    in_order_of_review,
    judge_answers,
    top_categories,
)
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.project import Project
from errormap_dagster.stages.filled_in import filled_in, keep
from errormap_dagster.stages.results import of_complete_evaluations
from errormap_dagster.stages.taxonomies import categories_of, load_taxonomies

ANSWERS = {"other": OTHER, "no error": NO_ERROR, NO_ERROR: NO_ERROR, "unclear": UNCLEAR}
"""What a person may write in the place of a category."""
_KEY = ["prediction_id", "taxonomy", "version", "reviewer"]
_COLUMNS = ["prediction_id", "taxonomy", "version", "answer", "reviewer", "reviewed_at", "note"]
_NEEDED = ("prediction_id", "taxonomy", "version")
_OPTIONAL = ("reviewer", "reviewed_at", "note")


def review_text(project: Project) -> str:
    """The home's file of reviews as it stands; empty when nobody gave any."""
    path = project.home.error_reviews
    return path.read_text(encoding="utf-8") if path.exists() else ""


def human_reviews(project: Project) -> pl.DataFrame:
    """The reviews that were imported, as rows of ``judge_reviews``."""
    path = project.home.error_reviews
    schema = empty_frame("judge_reviews").schema
    if not path.exists():
        return empty_frame("judge_reviews")
    read = pl.read_csv(path, schema={name: schema[name] for name in _COLUMNS})
    rows = read.with_columns(kind=pl.lit(Kind.HUMAN.value))
    missing = [pl.lit(None, schema[n]).alias(n) for n in schema.names() if n not in rows.columns]
    return rows.with_columns(missing).select(schema.names())


def answers_of(project: Project, key: VersionKey) -> pl.DataFrame:
    """What the judge said of each failure of complete evaluations; see ``judge_answers``."""
    weights = project.store.scan("failures").select("prediction_id", "sampling_weight")
    judged = of_complete_evaluations(project, "judged_errors")
    is_of = (pl.col("taxonomy") == key.taxonomy) & (pl.col("version") == key.version)
    assigned = of_complete_evaluations(project, "category_assignments").filter(is_of)
    tops = top_categories(categories_of(project, key))
    columns = ["prediction_id", "dataset", "model", "outcome"]
    rows = judged.select(columns).join(weights, on="prediction_id", how="left").collect()
    return judge_answers(rows, assigned.collect(), tops)


def review_sample(project: Project, key: VersionKey, n: int) -> pl.DataFrame:
    """The next failures for people to review under a version, with their texts.

    Args:
        project: the opened home.
        key: of the version.
        n: at most so many that nobody reviewed yet.

    Returns:
        prediction_id, dataset, model, example_id, input_text, correct_answer, output_text; beside
        them the judge's answer (category, error_title, error_summary).
    """
    known = human_reviews(project).filter(
        pl.col("taxonomy") == key.taxonomy, pl.col("version") == key.version
    )
    ordered = in_order_of_review(answers_of(project, key), project.settings.trust.seed)
    chosen = ordered.join(known, on="prediction_id", how="anti", maintain_order="left").head(n)
    paths = named_paths(categories_of(project, key))
    texts = ["prediction_id", "example_id", "input_text", "correct_answer", "output_text"]
    rows = chosen.select("prediction_id", category=pl.col("answer").replace(paths))
    for table, columns in (
        ("raw_predictions", ["dataset", "model", *texts]),
        ("judged_errors", ["prediction_id", "error_title", "error_summary"]),
    ):
        wanted = project.store.scan(table).select(columns)
        found = wanted.join(rows.lazy(), on="prediction_id", how="semi").collect()
        rows = rows.join(found, on="prediction_id", how="left", maintain_order="left")
    return rows


@dataclass(frozen=True, slots=True)
class _Names:
    """What people may write for the categories of a version, in small letters."""

    ids: Mapping[str, str]

    @classmethod
    def of(cls, categories: list[Category]) -> "_Names":
        paths = named_paths(categories)
        by_name: dict[str, set[str]] = {}
        for category in categories:
            for told in (category.category_id, category.name, paths[category.category_id]):
                by_name.setdefault(told.strip().lower(), set()).add(category.category_id)
        # A name that two categories have stands for neither; their paths tell them apart.
        alone = {told: min(ids) for told, ids in by_name.items() if len(ids) == 1}
        return cls({**alone, **ANSWERS})

    def answer(self, told: str) -> str | None:
        plain = told.strip().removeprefix("'").strip().lower()
        return self.ids.get(plain)


def import_reviews(project: Project, path: Path, reviewer: str | None) -> int:
    """Keep the reviews of a CSV; how many it holds. A person's later one replaces the earlier.

    Args:
        project: the opened home.
        path: of the file.
        reviewer: who reviewed, where the file's column ``reviewer`` is empty.

    Raises:
        ErrorMapError: the file lacks a column, or a row cannot be used; nothing is kept.
    """
    rows = filled_in(path, "category", _NEEDED, _OPTIONAL, "errormap review export")
    judged = project.store.scan("judged_errors").select("prediction_id", "outcome")
    readable = judged.filter(pl.col("outcome") != Outcome.JUDGE_FAILED.value).collect()
    check = _Check(path, project, set(readable["prediction_id"]), reviewer)
    kept = [check.row(row) for row in rows.iter_rows(named=True)]
    old = human_reviews(project).select(_COLUMNS)
    all_of_them = pl.concat([old, pl.DataFrame(kept, old.schema)])
    merged = all_of_them.unique(_KEY, keep="last", maintain_order=True).sort(_KEY)
    keep(merged, project.home.error_reviews)
    return len(kept)


class _Check:
    """Makes a review of a row of the file, or says what is wrong with it."""

    def __init__(
        self, path: Path, project: Project, judged: set[str], reviewer: str | None
    ) -> None:
        self._path = path
        self._project = project
        self._judged = judged
        self._reviewer = reviewer
        self._names: dict[VersionKey, _Names] = {}
        versions = load_taxonomies(project).versions.select("taxonomy", "version")
        self._versions = [VersionKey(*row) for row in versions.sort("*").iter_rows()]
        self._now = datetime.now(UTC)

    def row(self, row: Mapping[str, str | None]) -> dict[str, object]:
        """The columns of one review.

        Raises:
            ErrorMapError: names the file, the row and what to write instead.
        """
        key = self._version(row)
        if (prediction_id := row["prediction_id"] or "") not in self._judged:
            told = "no failure that the judge could read has this id; take ids from the export"
            raise self._wrong(row, "prediction_id", told)
        answer = self._names_of(key).answer(row["category"] or "")
        if answer is None:
            told = (
                f"is no category of {key.taxonomy}@{key.version}, or a name that several have. "
                f"Write a name or path of `errormap taxonomy show {key.taxonomy}@{key.version}`, "
                "other, no error or unclear"
            )
            raise self._wrong(row, "category", told)
        reviewer = (row["reviewer"] or "").strip().removeprefix("'") or self._reviewer
        if not reviewer:
            raise self._wrong(row, "reviewer", "write who reviewed, or name them with --reviewer")
        return {
            "prediction_id": prediction_id,
            **key._asdict(),
            "answer": answer,
            "reviewer": reviewer,
            "reviewed_at": self._time(row),
            "note": row["note"] or None,
        }

    def _version(self, row: Mapping[str, str | None]) -> VersionKey:
        told = ((row["taxonomy"] or "").strip(), (row["version"] or "").strip())
        for key in self._versions:
            if (key.taxonomy, str(key.version)) == told:
                return key
        known = ", ".join(f"{key.taxonomy} {key.version}" for key in self._versions)
        raise self._wrong(row, "version", f"taxonomy and version must be one of: {known}")

    def _names_of(self, key: VersionKey) -> _Names:
        if key not in self._names:
            self._names[key] = _Names.of(list(categories_of(self._project, key)))
        return self._names[key]

    def _time(self, row: Mapping[str, str | None]) -> datetime:
        told = (row["reviewed_at"] or "").strip()
        try:
            given = datetime.fromisoformat(told) if told else self._now
        except ValueError:
            raise self._wrong(row, "reviewed_at", "write it as 2026-01-31T12:00:00Z") from None
        return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)

    def _wrong(self, row: Mapping[str, str | None], column: str, told: str) -> ErrorMapError:
        return ErrorMapError(f"{self._path}, row {row['row']} ({column} {row[column]!r}): {told}.")
