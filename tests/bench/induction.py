"""Times the growing of a taxonomy from many errors: ``python tests/bench/induction.py HOME``.

The errors are those that a home has judged, repeated until there are enough, each repetition with
other words in its titles. The language model is the scripted endpoint of the tests, which answers
at once, in a process of its own; the embedded analyst grows from the same errors.
"""

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from errormap_dagster.domain.assignment import errors_to_classify
from errormap_dagster.domain.growth import Growth
from errormap_dagster.domain.identity import content_id
from errormap_dagster.domain.records import JudgedError
from errormap_dagster.judge.embedded.analyst import EmbeddedAnalyst
from errormap_dagster.judge.interface import TaxonomyLimits
from errormap_dagster.judge.llm.judge import LlmJudge
from errormap_dagster.judge_settings import JudgeSettings
from errormap_dagster.project import Project

_SERVER = Path(__file__).resolve().parents[1] / "judge_server" / "server.py"
_TITLES_PER_CALL = 500
_STRIDE = 7_919
"""A prime number: each error gets words of another one, far away."""


def varied(errors: list[JudgedError], n: int) -> list[JudgedError]:
    """As many errors as wanted, most with a title of their own, all made of words of real ones."""
    found: list[JudgedError] = []
    for number in range(n):
        error = errors[number % len(errors)]
        other = errors[number * _STRIDE % len(errors)].error_summary.split()
        start = number // len(errors) * 3
        title = " ".join((error.error_title, *other[start : start + 4]))
        prediction_id = content_id(error.prediction_id, number)
        found.append(JudgedError(prediction_id, title, error.error_summary))
    return found


def report(name: str, grown: Growth, seconds: float, n_calls: int) -> None:
    """Print what a growing took and made."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    steps = Counter(step.operation.value for step in grown.steps)
    depths = Counter(category.depth for category in grown.categories)
    print(  # noqa: T201 - a report
        f"{name}: {seconds:.1f} s, peak {peak:.0f} MiB, {n_calls} calls, categories by depth "
        f"{dict(sorted(depths.items()))}, steps {json.dumps(steps)}"
    )


def timed_embedded(errors: list[JudgedError]) -> None:
    """The embedded analyst."""
    started = time.perf_counter()
    grown = EmbeddedAnalyst().build_categories(errors, TaxonomyLimits())
    report("embedded analyst", grown, time.perf_counter() - started, 0)


def timed_endpoint(errors: list[JudgedError], stop_after: int) -> None:
    """The language model judge in front of the scripted endpoint."""
    command = [sys.executable, str(_SERVER), "--port", "0"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
        tempfile.TemporaryDirectory() as folder,
    ):
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        settings = JudgeSettings.model_validate(
            {"kind": "llm", "model": "judge-model", "base_url": url}
        )
        judge = LlmJudge(settings, f"sqlite:///{folder}/calls.sqlite", "bench")
        started = time.perf_counter()
        limits = TaxonomyLimits(stop_after_unchanged=stop_after)
        grown = judge.build_categories(errors, limits)
        seconds = time.perf_counter() - started
        report(f"endpoint, stop after {stop_after}", grown, seconds, judge.effort().n_calls)
        process.terminate()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--errors", type=int, default=50_000)
    arguments = parser.parse_args()
    judged = Project.open(arguments.home).store.read("judged_errors")
    errors = varied(errors_to_classify(judged), arguments.errors)
    titles = {error.error_title for error in errors}
    batches = math.ceil(len(titles) / _TITLES_PER_CALL)
    print(f"{len(errors)} errors, {len(titles)} distinct titles, {batches} batches")  # noqa: T201 - a report
    timed_embedded(errors)
    for stop_after in (2, 0):
        timed_endpoint(errors, stop_after)


if __name__ == "__main__":
    main()
