"""``errormap taxonomy ...``: the versions of the taxonomies, what changed, and decisions."""

from pathlib import Path
from typing import Annotated

import typer

from errormap_dagster.cli.choices import TaxonomyFormat
from errormap_dagster.cli.options import HomeOption
from errormap_dagster.domain.edits import EditKind

taxonomy_app = typer.Typer(
    help="Versions of the taxonomies: what changed, who changed it, and what is in force.",
    no_args_is_help=True,
)

VersionArgument = Annotated[
    str, typer.Argument(help="A version, such as induced@2.", metavar="VERSION")
]
ByOption = Annotated[str, typer.Option("--by", help="Who decides.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why.")]


@taxonomy_app.command()
def log(home: HomeOption = None) -> None:
    """List every decision: which version became what, by whom, when and why."""
    from errormap_dagster.cli.taxonomy import print_log  # noqa: PLC0415 - Dagster's import takes seconds

    raise typer.Exit(print_log(home))


@taxonomy_app.command()
def show(
    version: Annotated[
        str | None, typer.Argument(help="A version; default: those in force.", metavar="[VERSION]")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Show a version: where it comes from, its tree with errors, and its changes."""
    from errormap_dagster.cli.taxonomy import print_version  # noqa: PLC0415 - as above

    raise typer.Exit(print_version(home, version))


@taxonomy_app.command()
def diff(
    before: Annotated[str, typer.Argument(help="A version, such as induced@1.", metavar="A")],
    after: Annotated[str, typer.Argument(help="Another one, such as induced@2.", metavar="B")],
    home: HomeOption = None,
) -> None:
    """Say what changed from one version to another, and where the errors went."""
    from errormap_dagster.cli.taxonomy import print_difference  # noqa: PLC0415 - as above

    raise typer.Exit(print_difference(home, before, after))


@taxonomy_app.command()
def grow(home: HomeOption = None) -> None:
    """Grow a candidate of the induced taxonomy; no number moves until it is approved."""
    from errormap_dagster.cli.taxonomy_work import grow_version  # noqa: PLC0415 - as above

    raise typer.Exit(grow_version(home))


@taxonomy_app.command()
def approve(
    version: VersionArgument, by: ByOption, reason: ReasonOption, home: HomeOption = None
) -> None:
    """Put a version in force and re-assign the errors once; an older version is a roll-back."""
    from errormap_dagster.cli.taxonomy_work import decide_version  # noqa: PLC0415 - as above

    raise typer.Exit(decide_version(home, "APPROVE", version, by, reason))


@taxonomy_app.command()
def retire(
    version: VersionArgument, by: ByOption, reason: ReasonOption, home: HomeOption = None
) -> None:
    """Refuse a candidate, or take a version out of force."""
    from errormap_dagster.cli.taxonomy_work import decide_version  # noqa: PLC0415 - as above

    raise typer.Exit(decide_version(home, "RETIRE", version, by, reason))


@taxonomy_app.command()
def edit(  # noqa: PLR0913 - one option for each key of an entry
    *,
    kind: Annotated[
        EditKind, typer.Argument(help="What to do; a split with several parts is for the file.")
    ],
    categories: Annotated[
        list[str], typer.Argument(help="Ids, names or paths.", metavar="CATEGORY...")
    ],
    by: ByOption,
    reason: ReasonOption,
    to: Annotated[
        str | None, typer.Option("--to", help="New name, or the category that takes them in.")
    ] = None,
    description: Annotated[str | None, typer.Option(help="What belongs in it.")] = None,
    rule: Annotated[
        str | None, typer.Option(help="Regular expression: which errors a split takes.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Add an entry to taxonomy/edits.yaml and say what became of each; see replay."""
    from errormap_dagster.cli.taxonomy_edits import add_edit  # noqa: PLC0415 - as above

    about: dict[str, object] = {
        kind.value: list(categories) if kind is EditKind.MERGE else " ".join(categories)
    }
    part = {"name": to, "description": description, "rule": rule}
    more: dict[EditKind, dict[str, object]] = {
        EditKind.MERGE: {"into": to, "description": description},
        EditKind.RENAME: {"to": to},
        EditKind.SPLIT: {"into": [part]},
        EditKind.MOVE: {"under": to},
        EditKind.FORBID: {"into": to},
        EditKind.REWORD: {"description": description},
    }
    told = {key: value for key, value in more.get(kind, {}).items() if value is not None}
    place: dict[str, object] = {"under": to} if kind is EditKind.MOVE else {}
    entry = {**about, **told, **place, "author": by, "reason": reason}
    raise typer.Exit(add_edit(home, entry))


@taxonomy_app.command()
def replay(home: HomeOption = None) -> None:
    """Make a candidate of the version in force and taxonomy/edits.yaml, without growing anew."""
    from errormap_dagster.cli.taxonomy_edits import replay_version  # noqa: PLC0415 - as above

    raise typer.Exit(replay_version(home))


@taxonomy_app.command("export")
def export_version(
    version: VersionArgument,
    to: Annotated[Path, typer.Option("--to", help="The file to write.")],
    form: Annotated[
        TaxonomyFormat, typer.Option("--format", help="YAML, or SKOS as Turtle.")
    ] = TaxonomyFormat.YAML,
    home: HomeOption = None,
) -> None:
    """Write a version as a YAML or SKOS file."""
    from errormap_dagster.cli.taxonomy_edits import export_taxonomy  # noqa: PLC0415 - as above

    raise typer.Exit(export_taxonomy(home, version, to, form))


@taxonomy_app.command("import")
def import_version(
    *,
    path: Annotated[
        Path, typer.Argument(help="YAML as export writes it, or SKOS (.ttl, .rdf, .xml).")
    ],
    by: ByOption,
    reason: ReasonOption,
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the taxonomy, instead of the file's.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Which texts of a SKOS file in several languages.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Make a candidate of a file: a team's own taxonomy is one like the others."""
    from errormap_dagster.cli.taxonomy_edits import import_taxonomy  # noqa: PLC0415 - as above
    from errormap_dagster.taxonomy_files.reading import TaxonomySource  # noqa: PLC0415 - as above

    raise typer.Exit(import_taxonomy(home, TaxonomySource(path, name, language), by, reason))
