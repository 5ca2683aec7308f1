"""How the command line speaks: tables, messages and progress bars on a terminal."""

import os
from collections.abc import Generator
from contextlib import contextmanager

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from errormap_dagster import progress

# A line that is broken in the middle of a path cannot be copied.
OUT = Console(highlight=False, soft_wrap=True)
_ERR = Console(stderr=True, highlight=False, soft_wrap=True)
if not OUT.is_terminal and "COLUMNS" not in os.environ:
    # A file or a pipe has no width to fold tables into.
    OUT.width = 400


def error(message: str) -> None:
    """Say what went wrong, on standard error."""
    _ERR.print(f"[bold red]error:[/] {escape(message)}")


def warning(message: str) -> None:
    """Say what deserves a look, on standard error."""
    _ERR.print(f"[yellow]warning:[/] {escape(message)}")


def say(message: str) -> None:
    """Print a line as it is: texts from data cannot become markup."""
    OUT.print(escape(message))


def write(text: str) -> None:
    """Print a text for other programs: no markup, no wrapping."""
    OUT.print(text, markup=False, emoji=False)


def heading(message: str) -> None:
    """Print a heading."""
    OUT.print(f"\n[bold]{escape(message)}[/]")


def show(frame: pl.DataFrame) -> None:
    """Print a frame as a table; numbers to the right, nothing interpreted."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, kind in frame.schema.items():
        numeric = kind.is_numeric()
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    OUT.print(table)


class _Bars:
    """Draws one bar per piece of work."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def begin(self, work: str, total: int | None) -> None:
        self._tasks[work] = self._bars.add_task(work.replace("_", " "), total=total)

    def advance(self, work: str, steps: int) -> None:
        if work not in self._tasks:
            self.begin(work, steps)
        self._bars.advance(self._tasks[work], steps)


@contextmanager
def progress_bars() -> Generator[None]:
    """Draw bars for all work that reports progress inside; nothing on a pipe."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    bars = Progress(*columns, console=_ERR, transient=True, disable=not _ERR.is_terminal)
    with bars, progress.shown_by(_Bars(bars)):
        yield
