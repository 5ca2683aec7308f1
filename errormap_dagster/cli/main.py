"""The command line: ``errormap``. Each command is a few lines over the Dagster definitions.

Exit codes: 0 when every blocking check passed, 1 when one did not or a stage failed, 2 when the
request itself cannot be carried out.
"""

from pathlib import Path
from typing import Annotated

import typer

from errormap_dagster.cli import console
from errormap_dagster.cli.choices import FailOn
from errormap_dagster.cli.options import HomeOption
from errormap_dagster.cli.review_commands import review_app
from errormap_dagster.cli.taxonomy_commands import taxonomy_app
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.home import EXPLORER_PORT

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
app.add_typer(taxonomy_app, name="taxonomy")

gold_app = typer.Typer(help="References that may be wrong.", no_args_is_help=True)
app.add_typer(gold_app, name="gold")
app.add_typer(review_app, name="review")


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
def estimate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files or folders to count as if they had landed.", metavar="[PATH]", exists=True
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    home: HomeOption = None,
) -> None:
    """Say what calls, tokens and dollars a run would spend. Asks, lands and changes nothing."""
    from errormap_dagster.cli.estimate import print_estimate  # noqa: PLC0415 - as above

    raise typer.Exit(print_estimate(home, paths or [], as_json=as_json))


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
def bundle(
    to: Annotated[Path, typer.Argument(help="The file to write, such as study.zip.")],
    *,
    without_texts: Annotated[
        bool, typer.Option("--without-texts", help="Leave the predictions' texts out.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Write all that another person needs to make the same tables without a judge or a key."""
    from errormap_dagster.cli.bundle import make_bundle  # noqa: PLC0415 - as above

    raise typer.Exit(make_bundle(home, to, with_texts=not without_texts))


@app.command()
def replay(
    path: Annotated[Path, typer.Argument(help="A file that `errormap bundle` wrote.")],
    own: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Your files of the predictions, for a bundle without texts.",
            metavar="[PATH]",
            exists=True,
        ),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Make the tables of a bundle in an empty home, byte for byte; no judge is asked."""
    from errormap_dagster.cli.bundle import make_replay  # noqa: PLC0415 - as above

    raise typer.Exit(make_replay(home, path, own or []))


@app.command()
def compare(  # noqa: PLR0913 - each is an option of its own
    model_a: Annotated[str, typer.Argument(help="The first model, or the version before.")],
    model_b: Annotated[str, typer.Argument(help="The second model.")],
    *,
    dataset: Annotated[str | None, typer.Option(help="Only this dataset.")] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(help="Exit with 1 when all failures together, or any category, rise."),
    ] = None,
    max_regression: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="By so much a rate may rise; default: the settings."),
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a summary to this file.")] = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """Say what model B fixed, broke and moved on the same examples, and what is chance."""
    from errormap_dagster.cli.compare import Question, compare_models  # noqa: PLC0415 - as above

    question = Question(model_a, model_b, dataset, fail_on, max_regression)
    raise typer.Exit(compare_models(home, question, markdown, is_json=is_json))


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


@judge_app.command("batches")
def judge_batches(
    cancel: Annotated[
        str | None, typer.Option(help="Take this batch back.", metavar="BATCH")
    ] = None,
    forget: Annotated[
        str | None,
        typer.Option(help="Give this batch up: its calls are paid anew.", metavar="BATCH"),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Say which calls are with the judge's provider as batches, and how far they are."""
    from errormap_dagster.cli.judge import tell_batches  # noqa: PLC0415 - as above

    raise typer.Exit(tell_batches(home, cancel, forget))


@gold_app.command("export")
def gold_export(
    to: Annotated[Path, typer.Option("--to", help="A file ending in .csv, .parquet or .jsonl.")],
    dataset: Annotated[str | None, typer.Option(help="Only this dataset.")] = None,
    top: Annotated[int, typer.Option(min=1, help="So many examples of each dataset.")] = 100,
    home: HomeOption = None,
) -> None:
    """Write the queue of suspect references, with room for verdicts."""
    from errormap_dagster.cli.gold import export_queue  # noqa: PLC0415 - as above

    raise typer.Exit(export_queue(home, to, dataset, top))


@gold_app.command("import")
def gold_import(
    path: Annotated[Path, typer.Argument(help="The queue as CSV, with verdicts.", exists=True)],
    home: HomeOption = None,
) -> None:
    """Read verdicts (wrong, right, unclear) and count them."""
    from errormap_dagster.cli.gold import take_verdicts  # noqa: PLC0415 - as above

    raise typer.Exit(take_verdicts(home, path))


def main() -> None:
    """Run the command line; an error of ours is one clear message, never a traceback."""
    try:
        app()
    except ErrorMapError as error:
        console.error(str(error))
        raise SystemExit(2) from error
