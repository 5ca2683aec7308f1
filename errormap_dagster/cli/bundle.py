"""``errormap bundle`` and ``errormap replay``: the same tables at another person's place."""

from collections.abc import Sequence
from pathlib import Path

from errormap_dagster.cli import console
from errormap_dagster.home import Home
from errormap_dagster.project import Project
from errormap_dagster.stages.bundle import write_bundle
from errormap_dagster.stages.replay import Replayed, replay_bundle

_OF_THE_FILES = ("landed_files/", "quarantined_rows/", "raw_predictions/")
"""Tables that tell of the files: other files with the same predictions make other rows."""


def make_bundle(home: Path | None, to: Path, *, with_texts: bool) -> int:
    """Write a bundle and say what is in it."""
    project = Project.open(home)
    with console.progress_bars(), project.home.alone(lambda: console.say("Waiting for a run ...")):
        made = write_bundle(project, to, with_texts=with_texts)
    size = f"{made.n_bytes / 1e6:.1f} MB"
    console.say(f"{to}: {made.n_predictions} predictions, {made.n_calls} calls, {size}.")
    if made.n_calls_left_out:
        console.say(f"{made.n_calls_left_out} calls that no table rests on are left out.")
    if not with_texts:
        console.say(
            "The inputs, outputs and references are not in it. The judge's replies are, for the "
            "tables are made of them: they quote from outputs and speak of the tasks."
        )
    console.say(f"Elsewhere: errormap replay {to.name} --home NEW_FOLDER")
    return 0


def make_replay(home: Path | None, path: Path, own: Sequence[Path]) -> int:
    """Replay a bundle; 1 when a table has other rows than the bundle was made of."""
    with console.progress_bars():
        told = replay_bundle(path, home, [file.expanduser().resolve() for file in own])
    console.say(f"{told.n_identical} files of tables are the same byte for byte.")
    if told.same_rows:
        console.warning(
            f"{len(told.same_rows)} files hold the same rows in other bytes: other versions of "
            "pyarrow or polars, or predictions from other files, wrote them."
        )
    return _report_differing(told, Home.locate(home))


def _report_differing(told: Replayed, home: Home) -> int:
    of_files = [name for name in told.other_rows if name.startswith(_OF_THE_FILES)]
    wrong = [name for name in told.other_rows if name not in of_files]
    if of_files:
        console.warning(f"other files were landed, so these tell of them: {', '.join(of_files)}")
    for name in wrong:
        console.error(f"{name} differs from the table that the bundle was made of.")
    console.say(f"The tables are in {home.tables}. `errormap run` builds the views from them.")
    return 1 if wrong else 0
