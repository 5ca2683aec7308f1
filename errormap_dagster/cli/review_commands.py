"""``errormap review ...``: people's readings of what the judge read."""

from pathlib import Path
from typing import Annotated

import typer

from errormap_dagster.cli.options import HomeOption

review_app = typer.Typer(help="People's readings of what the judge read.", no_args_is_help=True)


@review_app.command("export")
def review_export(
    to: Annotated[Path, typer.Option("--to", help="A file ending in .csv, .parquet or .jsonl.")],
    taxonomy: Annotated[
        str | None, typer.Option(help="Whose categories to name; default: the reported one.")
    ] = None,
    n: Annotated[
        int | None, typer.Option(min=1, help="So many failures; default: trust.sample.")
    ] = None,
    *,
    shows_judge: Annotated[
        bool,
        typer.Option(
            "--show-judge", help="Show what the judge said; people tend to agree with it."
        ),
    ] = False,
    home: HomeOption = None,
) -> None:
    """Write a sample of failures that nobody has reviewed yet, with room for a category."""
    from errormap_dagster.cli.review import export_sample  # noqa: PLC0415 - Dagster's import takes seconds

    raise typer.Exit(export_sample(home, to, taxonomy, n, shows_judge=shows_judge))


@review_app.command("import")
def review_import(
    path: Annotated[Path, typer.Argument(help="The sample as CSV, with categories.", exists=True)],
    reviewer: Annotated[
        str | None, typer.Option(help="Who reviewed, where the file does not say.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Read people's categories and say how far the judge agrees."""
    from errormap_dagster.cli.review import take_reviews  # noqa: PLC0415 - as above

    raise typer.Exit(take_reviews(home, path, reviewer))
