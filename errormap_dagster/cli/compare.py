"""``errormap compare``: two models on the same examples, for people, for Markdown and for CI."""

import json
from pathlib import Path
from typing import NamedTuple

import polars as pl

from errormap_dagster.cli import console
from errormap_dagster.cli.choices import FailOn
from errormap_dagster.domain.comparison import regressions
from errormap_dagster.domain.outcomes import ANY_FAILURE
from errormap_dagster.domain.signature import ALL_DATASETS
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.presentation.sentences import unnamed_difference
from errormap_dagster.project import Project
from errormap_dagster.queries.errors import judges_of
from errormap_dagster.queries.tables import Tables
from errormap_dagster.stages.comparisons import compare_pair, with_category_names

_MARKUP = str.maketrans(
    {"|": "\\|", "<": "&lt;", ">": "&gt;", "&": "&amp;", "`": "\\`", "[": "\\[", "\n": " "}
)


class Question(NamedTuple):
    """What is to be compared, and what is too much."""

    model_a: str
    model_b: str
    dataset: str | None = None
    fail_on: FailOn | None = None
    max_regression: float | None = None


class Report(NamedTuple):
    """What is told: the rows, by dataset what must be said beside them, and the verdict."""

    rows: pl.DataFrame
    remarks: dict[str, str]
    verdict: str


def compare_models(
    home: Path | None, question: Question, markdown: Path | None, *, is_json: bool
) -> int:
    """Print the comparison; 1 when there is a regression that is asked for, else 0.

    Raises:
        ErrorMapError: a model or dataset is not known, or they share no example.
    """
    project = Project.open(home)
    found = compare_pair(project, question.model_a, question.model_b, question.dataset)
    rows = with_category_names(project, _shown(found.differences))
    allowed = question.max_regression
    limit = project.settings.comparisons.max_regression if allowed is None else allowed
    is_any_alone = question.fail_on != FailOn.CATEGORIES
    worse = regressions(rows, limit, is_any_alone=is_any_alone)
    remarks = _remarks(rows, judges_of(Tables(project.store)))
    report = Report(rows, remarks, _verdict(question, worse, limit))
    if markdown is not None:
        _write(markdown, _as_markdown(question, report))
    if is_json:
        console.write(json.dumps(rows.to_dicts(), ensure_ascii=False, indent=2))
    else:
        _print(question, report)
    return 1 if question.fail_on and worse.height else 0


def _shown(differences: pl.DataFrame) -> pl.DataFrame:
    """All datasets first, and not at all where there is only one."""
    is_all = pl.col("dataset") == ALL_DATASETS
    is_repeated = differences["dataset"].n_unique() == len((ALL_DATASETS, "the one"))
    rows = differences.filter(~is_all) if is_repeated else differences
    order = [~is_all, "dataset", pl.col("category_id") != ANY_FAILURE, "p_value", "category_id"]
    return rows.sort(order)


def _table(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of one dataset under short headings, differences in points of per cent."""
    difference = pl.col("rate_difference")
    surely = pl.when(difference > 0).then(pl.lit("more")).otherwise(pl.lit("less"))
    points = {
        "B-A": difference,
        "low": pl.col("rate_difference_low"),
        "high": pl.col("rate_difference_high"),
    }
    return rows.select(
        category="category",
        A="n_a",
        B="n_b",
        fixed="n_fixed",
        broken="n_broken",
        left="n_moved_out",
        came="n_moved_in",
        same="n_unchanged",
        **{name: (100 * value).round(1) for name, value in points.items()},
        q=pl.col("q_value").round(3),
        least=(100 * pl.col("detectable_difference")).round(1),
        B_is=pl.when("is_significant").then(surely).otherwise(pl.lit("?")),
    )


_LEGEND = (
    "fixed and broken: A or B alone fails; left and came: both fail, in another category than B or "
    "A; B-A, low, high: percentage points with 95 % interval; least: what could have been shown; "
    "?: no difference shown."
)


def _verdict(question: Question, worse: pl.DataFrame, limit: float) -> str:
    if worse.is_empty():
        return (
            f"No rise of more than {limit:.1%} that is more than chance."
            if question.fail_on
            else ""
        )
    told = [
        f"{category} on {dataset} {difference:+.1%}"
        for dataset, category, difference in worse.select(
            "dataset", "category", "rate_difference"
        ).iter_rows()
    ]
    name = "Regression" if question.fail_on else "B is worse"
    return f"{name} (more than {limit:.1%}, and more than chance): {'; '.join(told)}."


def _remarks(rows: pl.DataFrame, judges: list[str]) -> dict[str, str]:
    """By dataset that most of what is shown there has no name, where that is so."""
    found: dict[str, str] = {}
    for dataset in rows.filter("is_significant", category_id=ANY_FAILURE)["dataset"]:
        of_dataset = rows.filter(pl.col("dataset") == dataset)
        by_category = dict(of_dataset.select("category_id", "rate_difference").iter_rows())
        total, unnamed = by_category[ANY_FAILURE], by_category.get("unassigned", 0.0)
        if said := unnamed_difference(total, unnamed, judges):
            found[dataset] = said
    return found


def _by_dataset(rows: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    parts = rows.partition_by("dataset", maintain_order=True)
    return [(str(part["dataset"][0]), part) for part in parts]


def _title(question: Question) -> str:
    return f"A = {question.model_a}, B = {question.model_b}"


def _print(question: Question, report: Report) -> None:
    console.say(_title(question))
    for name, of_dataset in _by_dataset(report.rows):
        console.heading(f"{name}: {of_dataset['n_pairs'][0]} examples")
        console.show(_table(of_dataset))
        if name in report.remarks:
            console.say(f"\n{report.remarks[name]}")
    console.say("")
    console.say(_LEGEND)
    if report.verdict:
        console.say(report.verdict)


def _cell(value: object) -> str:
    """Names come from data: nothing in them may become markup."""
    return str(value).translate(_MARKUP)


def _as_markdown(question: Question, report: Report) -> str:
    lines = [f"### {_cell(_title(question))}", "", _cell(report.verdict), ""]
    for name, of_dataset in _by_dataset(report.rows):
        table = _table(of_dataset)
        lines += [f"**{_cell(name)}**: {of_dataset['n_pairs'][0]} examples", ""]
        lines.append("| " + " | ".join(table.columns) + " |")
        lines.append("|" + "---|" * table.width)
        lines += ["| " + " | ".join(map(_cell, row)) + " |" for row in table.iter_rows()]
        lines += ["", *([_cell(report.remarks[name]), ""] if name in report.remarks else [])]
    return "\n".join([*lines, _LEGEND, ""])


def _write(path: Path, text: str) -> None:
    if not path.parent.is_dir():
        raise ErrorMapError(f"{path}: the folder {path.parent} does not exist. Make it first.")
    path.write_text(text, encoding="utf-8")
