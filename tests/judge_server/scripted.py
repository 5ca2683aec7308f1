"""A judge that follows a script, and a home whose taxonomy has a history."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from errormap_dagster.domain.growth import ChangeClaim, ChangeType, Growth
from errormap_dagster.domain.records import (
    Analysis,
    Category,
    Classification,
    FailureCase,
    JudgedError,
    Outcome,
)
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.judge.interface import (
    ClassificationTask,
    Effort,
    JudgeIdentity,
    Operation,
    TaxonomyLimits,
)
from errormap_dagster.project import Project
from errormap_dagster.stages.chain import run_chain
from errormap_dagster.stages.decisions import approve

TITLES = ["wrong sum", "wrong product", "wrong unit", "wrong sign", "bad format", "odd habit"]


def leaf(key: str, words: str, parent: str | None = None) -> Category:
    """A category of the script; its description names the titles that belong in it."""
    return Category(key, parent, 2 if parent else 1, f"Name of {key}", words, "", "", 1, "induced")


V1 = (
    leaf("sums", "wrong sum, wrong product"),
    leaf("units", "wrong unit"),
    leaf("signs", "wrong sign"),
    leaf("format", "bad format"),
    leaf("layout", "torn table"),
)
V2 = (
    leaf("additions", "wrong sum"),
    leaf("products", "wrong product"),
    leaf("details", "wrong unit, wrong sign"),
    replace(leaf("format", "bad format"), name="Formatting"),
    leaf("habits", "odd habit"),
    leaf("layout", "torn table", "format"),
)
"""A split, a merger, a renaming, a move and an addition."""
V2_CLAIMS = (
    ChangeClaim(ChangeType.SPLIT, ("sums",), ("additions", "products"), "two operations"),
    ChangeClaim(ChangeType.MERGED, ("units", "signs"), ("details",), "alike"),
    ChangeClaim(ChangeType.RENAMED, ("format",), ("format",), "clearer"),
    ChangeClaim(ChangeType.MOVED, ("layout",), ("layout",), "a kind of format"),
)


class Script:
    """A judge that reads the title off the output and grows what the script says."""

    def __init__(self) -> None:
        self.growths = [Growth(V1), Growth(V2, V2_CLAIMS)]
        self.n_classified = 0
        """Errors that were put into a grown taxonomy."""

    def identity(self, operation: Operation) -> JudgeIdentity:
        """The script."""
        return JudgeIdentity("script", "v1", operation.value)

    def effort(self) -> Effort:
        """None."""
        return Effort()

    def close(self) -> None:
        """Nothing runs."""

    def analyse(self, cases: Iterable[FailureCase]) -> Iterator[Analysis]:
        """The output says what is wrong with it."""
        for case in cases:
            title = (case.output_text or "").removeprefix("it shows a ")
            yield Analysis(Outcome.ERROR_FOUND, title, f"{case.model}: {title}")

    def build_categories(
        self,
        errors: Sequence[JudgedError],  # noqa: ARG002 - the protocol's
        limits: TaxonomyLimits,  # noqa: ARG002 - the protocol's
        base: Sequence[Category] = (),  # noqa: ARG002 - the protocol's
    ) -> Growth:
        """The next of the script's growths."""
        return self.growths.pop(0)

    def classify(self, tasks: Iterable[ClassificationTask]) -> Iterator[list[Classification]]:
        """The first category whose description names the title."""
        for task in tasks:
            # Against the atlas whole categories are put as well: see the crosswalk.
            if all(category.origin == "induced" for category in task.categories):
                self.n_classified += len(task.errors)
            yield [self._place(error, task.categories) for error in task.errors]

    def _place(self, error: JudgedError, categories: Sequence[Category]) -> Classification:
        fit = [c.category_id for c in categories if error.error_title in c.description]
        chosen = fit[0] if fit else None
        return Classification(error.prediction_id, chosen, 0.9, None, "as the script says")


class History:
    """A home, its judge, and the steps of the play."""

    def __init__(self, home: Path, judge: Script | None) -> None:
        self.home, self.judge = home, judge
        home.mkdir(parents=True, exist_ok=True)
        (home / "errormap.yaml").write_text("taxonomy: {reported: induced}\n", encoding="utf-8")

    @property
    def project(self) -> Project:
        """The home opened anew, as each command opens it."""
        project = Project.open(self.home)
        if self.judge:
            project.__dict__["judge"] = self.judge
        return project

    def run(self, *paths: Path) -> None:
        """Land files, and make what is missing or stale."""
        run_chain(self.project, paths)

    def approve(self, version: int) -> None:
        """Approve a version and make what follows."""
        approve(self.project, VersionKey("induced", version), "Ada", f"version {version} it is")
        self.run()

    def table(self, name: str) -> pl.DataFrame:
        """A whole table."""
        return self.project.store.read(name)

    def file(self, name: str) -> bytes:
        """The bytes of a table that is one file."""
        return (self.home / "tables" / name / "part.parquet").read_bytes()

    def numbers(self) -> dict[str, bytes]:
        """The bytes of every table that shows a number of a version in force."""
        return {name: self.file(name) for name in ("signatures", "failure_ledger")}


def land(history: History, model: str, titles: Sequence[str]) -> Path:
    """A file of failures of a model, one per title."""
    path = history.home / f"{model}.jsonl"
    rows = [
        {
            "example_id": f"{number}",
            "dataset": "d",
            "model": model,
            "input_text": f"question {number}",
            "output_text": f"it shows a {title}",
            "correct_answer": "right",
            "score": 0.0,
        }
        for number, title in enumerate(titles)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
