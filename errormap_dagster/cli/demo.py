"""``errormap demo``: the shipped sample through the whole chain, and how to go on."""

from pathlib import Path

from errormap_dagster.cli import console
from errormap_dagster.cli.runs import land_files, run_everything
from errormap_dagster.paths import demo_dir
from errormap_dagster.project import Project
from errormap_dagster.stages.reports import as_percentages, ledger_table, signature_table
from errormap_dagster.stages.results import ledger_discrepancies

SAMPLE_ENDINGS = (".csv", ".jsonl")


def run_demo(home: Path | None) -> int:
    """Land the sample and run everything; the exit code of the run."""
    sample = sorted(path for path in demo_dir().iterdir() if path.suffix in SAMPLE_ENDINGS)
    console.say(f"Landing {len(sample)} files of the illustrative sample ...")
    if code := land_files(home, sample):
        return code
    console.say("Judging, growing the taxonomy, building the views ...")
    code = run_everything(home)
    if code == 0:
        print_results(Project.open(home))
    return code


def print_results(project: Project) -> None:
    """Print the signatures, the reconciliation, and where things lie."""
    console.heading(
        f"Failure signatures: share of each model's errors, %, all datasets "
        f"({project.settings.taxonomy.reported})"
    )
    console.show(as_percentages(signature_table(project)))
    console.heading("Failure ledger: every failed prediction has exactly one outcome")
    console.show(ledger_table(project))
    lost = ledger_discrepancies(project)
    console.say("Reconciled: no failure was lost." if not lost else f"Not reconciled: {lost}")
    console.heading("Where to look")
    console.say("  explorer   make explore (without make: errormap explore)")
    console.say(f"  report     {project.home.report}")
    console.say(f"  tables     {project.home.tables}")
    console.say(f"  warehouse  {project.home.warehouse}")
    console.say("  UI         make dev (without make: errormap dev), then http://127.0.0.1:3000")
