"""Measures the memory of a judge with 100,000 failures before it: ``make bench``.

The endpoint answers at once, in a process of its own, so that nothing is spared by waiting.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "judge_server"))
sys.path.insert(0, str(Path(__file__).parent))

from judge import endpoint

from asking import cases, settings_for
from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.judge.llm.judge import LlmJudge

N_FAILURES = 100_000
N_BETWEEN = 10_000
CONCURRENCY = 100
TEXT = " Then the next step follows from it, and its result is carried over." * 20
KIB_PER_MB = 1_000


def failures(n: int) -> Iterator[FailureCase]:
    """So many failures, made as they are asked for; each has a text of about 1,400 characters."""
    (first,) = cases(1)
    for number in range(n):
        yield replace(first, prediction_id=f"p{number}", output_text=f"Number {number}.{TEXT}")


def peak_mb() -> float:
    """The largest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MB


def main(n_failures: int) -> None:
    """Print the peak as it grows, or does not."""
    with endpoint(0.0) as url, tempfile.TemporaryDirectory() as folder:
        settings = settings_for(url, {"concurrency": CONCURRENCY, "timeout_seconds": 60})
        judge = LlmJudge(settings, f"sqlite:///{folder}/calls.sqlite", "bench")
        started, n_read, told = time.perf_counter(), 0, [f"{peak_mb():.0f} MB at the start"]
        for n_done, analysis in enumerate(judge.analyse(failures(n_failures)), start=1):
            n_read += analysis.outcome is not Outcome.JUDGE_FAILED
            if n_done % N_BETWEEN == 0:
                told.append(f"{peak_mb():.0f} MB after {n_done}")
        judge.close()
        seconds = time.perf_counter() - started
    print(f"{n_read} of {n_failures} failures read, {CONCURRENCY} in flight,", end=" ")  # noqa: T201 - a report
    print(f"in {seconds:.0f} s; peak of memory: {', '.join(told)}")  # noqa: T201 - a report


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else N_FAILURES)
