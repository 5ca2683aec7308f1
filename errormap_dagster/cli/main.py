"""The command line: ``errormap``. Each command is a few lines over the Dagster definitions.

Exit codes: 0 when every blocking check passed, 1 when one did not or a stage failed, 2 when the
request itself cannot be carried out.
"""

from pathlib import Path
from typing import Annotated

import typer

from errormap_dagster.cli import console
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.home import EXPLORER_PORT, HOME_VARIABLE

app = typer.Typer(
    name="errormap",
    help="Why language models fail: land predictions, judge failures, read failure signatures.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 100},
)

judge_app = typer.Typer(help="The judge that reads the failures.", no_args_is_help=True)
app.add_typer(judge_app, name="judge")

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar=HOME_VARIABLE, help="The home; default ./errormap_home."),
]


@app.command()
def demo(home: HomeOption = None) -> None:
    """Land the shipped sample, run everything, print who fails how."""
    from errormap_dagster.cli.demo import run_demo  # noqa: PLC0415 - Dagster's import takes seconds

    raise typer.Exit(run_demo(home))


@app.command()
def land(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Files or folders: tables, or logs of a harness.", metavar="PATH", exists=True
        ),
    ],
    source_format: Annotated[
        str | None,
        typer.Option("--format", help="A format or declared mapping; default: told by content."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Read predictions and harness logs; rows that cannot be used are quarantined, with reason."""
    from errormap_dagster.cli.runs import land_files  # noqa: PLC0415 - as above

    raise typer.Exit(land_files(home, paths, source_format))


@app.command()
def run(home: HomeOption = None) -> None:
    """Make everything that is missing or stale."""
    from errormap_dagster.cli.runs import run_everything  # noqa: PLC0415 - as above

    raise typer.Exit(run_everything(home))


@app.command()
def status(home: HomeOption = None) -> None:
    """Say what landed, what is judged, and what a run would make."""
    from errormap_dagster.cli.status import print_status  # noqa: PLC0415 - as above

    raise typer.Exit(print_status(home))


@app.command()
def export(
    table: Annotated[str, typer.Argument(help="A table such as signatures or judged_errors.")],
    to: Annotated[Path, typer.Option("--to", help="A file ending in .csv, .parquet or .jsonl.")],
    home: HomeOption = None,
) -> None:
    """Write a table to a file. CSV cells cannot become formulas in a spreadsheet."""
    from errormap_dagster.cli.export import export_table  # noqa: PLC0415 - as above

    raise typer.Exit(export_table(home, table, to))


@app.command()
def dev(
    home: HomeOption = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
) -> None:
    """Open the Dagster UI and its daemon over the home."""
    from errormap_dagster.cli.services import serve  # noqa: PLC0415 - as above

    raise typer.Exit(serve(home, port))


@app.command()
def explore(
    home: HomeOption = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = EXPLORER_PORT,
) -> None:
    """Open the explorer: pages over the tables, from each number to the failures behind it."""
    from errormap_dagster.cli.explore import serve_explorer  # noqa: PLC0415 - as above

    raise typer.Exit(serve_explorer(home, port))


@app.command()
def report(
    home: HomeOption = None,
    to: Annotated[Path | None, typer.Option("--to", help="Copy it to this file.")] = None,
) -> None:
    """Make the report: one HTML file that opens from disk."""
    from errormap_dagster.cli.report import write_report  # noqa: PLC0415 - as above

    raise typer.Exit(write_report(home, to))


@app.command()
def docs(home: HomeOption = None) -> None:
    """Build the site that documents the dbt models into the home."""
    from errormap_dagster.cli.services import build_docs  # noqa: PLC0415 - as above

    raise typer.Exit(build_docs(home))


@app.command()
def contracts(
    *,
    write: Annotated[
        bool, typer.Option("--write", help="Write dbt's sources and staging models from them.")
    ] = False,
) -> None:
    """Check the contracts against the Open Data Contract Standard."""
    from errormap_dagster.cli.contracts import (  # noqa: PLC0415 - as above
        check_contracts,
        write_what_follows,
    )

    code = check_contracts()
    if write and code == 0:
        code = write_what_follows()
    raise typer.Exit(code)


@judge_app.command("check")
def judge_check(home: HomeOption = None) -> None:
    """Make one small call to the judge and say what works, or what is wrong and how to mend it."""
    from errormap_dagster.cli.judge import check_judge  # noqa: PLC0415 - as above

    raise typer.Exit(check_judge(home))


def main() -> None:
    """Run the command line; an error of ours is one clear message, never a traceback."""
    try:
        app()
    except ErrorMapError as error:
        console.error(str(error))
        raise SystemExit(2) from error
