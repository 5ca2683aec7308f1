"""Times the chain on this machine: ``make bench``, or with files of your own as arguments.

Seconds mean little on another machine, so every figure also stands as a ratio to a fixed piece of
hashing that is timed in the same run. The spread of that piece is the noise of the machine.
"""

import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from errormap_dagster.paths import demo_dir
from errormap_dagster.project import Project
from errormap_dagster.stages.chain import run_chain

_REPEATS = 3
_HASHED_BYTES = 256 * 2**20


def seconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def yardstick() -> None:
    """A fixed piece of work of one core."""
    hashlib.sha256(bytes(_HASHED_BYTES)).hexdigest()


def timed_chain(paths: list[Path]) -> tuple[float, float, int]:
    """Seconds of a first run and of a second over the same home, and the failures read."""
    with tempfile.TemporaryDirectory() as home:
        project = Project.open(home)
        first = seconds(lambda: run_chain(project, paths))
        again = seconds(lambda: run_chain(Project.open(home)))
        return first, again, project.store.read("judged_errors").height


def main(arguments: list[str]) -> None:
    """Print the medians, the ratios and the noise."""
    paths = [Path(argument) for argument in arguments] or sorted(
        path for path in demo_dir().iterdir() if path.suffix in {".csv", ".jsonl"}
    )
    unit = [seconds(yardstick) for _ in range(5)]
    base = statistics.median(unit)
    runs = [timed_chain(paths) for _ in range(_REPEATS)]
    first = statistics.median(run[0] for run in runs)
    again = statistics.median(run[1] for run in runs)
    noise = (max(unit) - min(unit)) / base
    print(f"files: {', '.join(path.name for path in paths)}; failures read: {runs[0][2]}")  # noqa: T201 - a report
    print(f"yardstick: {base:.3f} s, noise {noise:.0%} over {len(unit)} repeats")  # noqa: T201 - a report
    print(f"first run: {first:.2f} s = {first / base:.1f} yardsticks (median of {_REPEATS})")  # noqa: T201 - a report
    print(f"run again: {again:.2f} s = {again / first:.1%} of the first")  # noqa: T201 - a report


if __name__ == "__main__":
    main(sys.argv[1:])
