"""Small tables for people about the taxonomies: decisions, changes, the tree, the flow."""

from collections.abc import Mapping, Sequence

import polars as pl

from errormap_dagster.domain.change_evidence import Evidence, EvidenceOfChanges
from errormap_dagster.domain.crosswalk import Match, Relation
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.row_flow import row_flow
from errormap_dagster.domain.taxonomy import TaxonomyError, category_paths, named_paths
from errormap_dagster.domain.taxonomy_changes import Change, changes_between
from errormap_dagster.domain.taxonomy_versions import TaxonomyFrames, VersionKey, changes_from
from errormap_dagster.project import Project
from errormap_dagster.stages.row_flows import assignments_under
from errormap_dagster.stages.taxonomies import categories_in, load_taxonomies

_TEXT_FENCE = "`"


def log_table(project: Project) -> pl.DataFrame:
    """A row per decision, in their order: which version became what, by whom, when and why."""
    decisions = load_taxonomies(project).decisions.sort("decision_number")
    return decisions.select(
        pl.format("{}@{}", "taxonomy", "version").alias("version"),
        "status",
        pl.col("actor").alias("by"),
        pl.col("decided_at").dt.strftime("%Y-%m-%d %H:%M UTC").alias("at"),
        "reason",
    )


def require_version(tables: TaxonomyFrames, key: VersionKey) -> None:
    """Make sure that there is such a version.

    Raises:
        TaxonomyError: there is none; the message lists those that are there.
    """
    known = [VersionKey(*row) for row in tables.versions.select("taxonomy", "version").iter_rows()]
    if key not in known:
        told = ", ".join(map(str, sorted(known))) or "none"
        raise TaxonomyError(f"There is no version {key}. Versions: {told}.")


def version_rows(project: Project, key: VersionKey) -> dict[str, object]:
    """What stands in ``taxonomy_versions`` of one version.

    Raises:
        TaxonomyError: there is no such version.
    """
    tables = load_taxonomies(project)
    require_version(tables, key)
    is_of = (pl.col("taxonomy") == key.taxonomy) & (pl.col("version") == key.version)
    return tables.versions.filter(is_of).row(0, named=True)


def matches_of(project: Project, key: VersionKey) -> list[Match]:
    """What the atlas has for the categories of a version; none without a crosswalk."""
    if not project.store.exists("taxonomy_crosswalk"):
        return []
    is_of = (pl.col("taxonomy") == key.taxonomy) & (pl.col("version") == key.version)
    found = project.store.scan("taxonomy_crosswalk").filter(is_of).drop_nulls("atlas_category_id")
    rows = found.select("category_id", "atlas_category_id", "relation").collect().iter_rows()
    return [Match(ours, theirs, Relation(relation)) for ours, theirs, relation in rows]


def tree_text(categories: Sequence[Category], n_errors: Mapping[str, int] | None = None) -> str:
    """The tree as indented lines; with its numbers of errors where they are given."""
    lines: list[str] = []

    def add(parent: str | None, margin: str) -> None:
        below = [c for c in categories if c.parent_category_id == parent]
        for place, category in enumerate(below, start=1):
            is_last = place == len(below)
            count = f"  ({n_errors.get(category.category_id, 0)})" if n_errors is not None else ""
            name = category.name.replace(_TEXT_FENCE, "'")
            lines.append(f"{margin}{'└─ ' if is_last else '├─ '}{name}{count}")
            add(category.category_id, margin + ("   " if is_last else "│  "))

    add(None, "")
    return "\n".join(lines)


def errors_in(project: Project, key: VersionKey) -> dict[str, int]:
    """Errors of each category of a version, those of the categories below it included."""
    above = category_paths(categories_in(load_taxonomies(project), key))
    counted: dict[str, int] = {}
    rows = assignments_under(project, key).drop_nulls("category_id").group_by("category_id").len()
    for category_id, n_errors in rows.iter_rows():
        for place in above.get(category_id, ()):
            counted[place] = counted.get(place, 0) + n_errors
    return counted


def _change_row(
    change: Change, evidence: Evidence, names: tuple[Mapping[str, str], Mapping[str, str]]
) -> dict[str, object]:
    old, new = names
    return {
        "change": change.change_type.value,
        "from": "; ".join(old.get(i, i) for i in change.from_category_ids),
        "to": "; ".join(new.get(i, i) for i in change.to_category_ids),
        "errors": evidence.n_errors,
        "agreement": evidence.agreement.value,
        "evidence": evidence.detail,
        "reason": change.reason,
    }


_SHOWN = {
    "change": pl.String,
    "from": pl.String,
    "to": pl.String,
    "errors": pl.Int64,
    "agreement": pl.String,
    "evidence": pl.String,
    "reason": pl.String,
}


def change_table(project: Project) -> pl.DataFrame:
    """A row per change of every version that has a parent, the oldest first."""
    tables = load_taxonomies(project)
    versions = tables.versions.filter(pl.col("parent_version").is_not_null())
    frames = [pl.DataFrame(schema={"version": pl.String, **_SHOWN})]
    for taxonomy, number, parent in (
        versions.sort("taxonomy", "version")
        .select("taxonomy", "version", "parent_version")
        .iter_rows()
    ):
        key = VersionKey(taxonomy, number)
        is_of = (pl.col("taxonomy") == taxonomy) & (pl.col("version") == number)
        names = (
            named_paths(categories_in(tables, VersionKey(taxonomy, parent))),
            named_paths(categories_in(tables, key)),
        )
        told = changes_from(tables.changes.filter(is_of))
        rows = [_change_row(change, evidence, names) for change, evidence in told]
        shown = pl.DataFrame(rows, schema=_SHOWN)
        frames.append(shown.select(pl.lit(str(key)).alias("version"), *_SHOWN))
    return pl.concat(frames)


def diff_table(project: Project, before: VersionKey, after: VersionKey) -> pl.DataFrame:
    """A row per change from one version to another of the same taxonomy, parent or not.

    Raises:
        TaxonomyError: there is no such version.
    """
    tables = load_taxonomies(project)
    for key in (before, after):
        require_version(tables, key)
    trees = categories_in(tables, before), categories_in(tables, after)
    flow = row_flow(assignments_under(project, before), assignments_under(project, after))
    evidence = EvidenceOfChanges(*trees, flow)
    names = (named_paths(trees[0]), named_paths(trees[1]))
    changes = _with_known_reasons(tables, before, after, trees)
    rows = [_change_row(change, evidence.of(change), names) for change in changes]
    return pl.DataFrame(rows, schema=_SHOWN)


def _with_known_reasons(
    tables: TaxonomyFrames,
    before: VersionKey,
    after: VersionKey,
    trees: tuple[Sequence[Category], Sequence[Category]],
) -> Sequence[Change]:
    """The recorded changes of a version from its parent; else read off the two trees."""
    of_version = (pl.col("taxonomy") == after.taxonomy) & (pl.col("version") == after.version)
    parent = tables.versions.filter(of_version)["parent_version"][0]
    if before == (after.taxonomy, parent):
        return [change for change, _ in changes_from(tables.changes.filter(of_version))]
    return changes_between(*trees, (), "read off the two versions").changes


def flow_table(project: Project, before: VersionKey, after: VersionKey) -> pl.DataFrame:
    """Where the errors went from one version to another, by names, most errors first.

    ``is_same`` is the place's identity: a category that was renamed is the same.
    """
    tables = load_taxonomies(project)
    flow = row_flow(assignments_under(project, before), assignments_under(project, after))
    names = [named_paths(categories_in(tables, key)) for key in (before, after)]
    ends = ("from_category_id", "to_category_id")
    named = flow.with_columns(is_same=pl.col(ends[0]) == pl.col(ends[1])).with_columns(
        pl.col(end).replace(known) for end, known in zip(ends, names, strict=True)
    )
    return named.select(
        pl.col(ends[0]).alias("from"),
        pl.col(ends[1]).alias("to"),
        pl.col("n_errors").alias("errors"),
        "is_same",
        pl.col("example_prediction_ids").list.first().alias("example"),
    ).sort(["errors", "from", "to"], descending=[True, False, False])
