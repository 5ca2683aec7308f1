"""Reading failures in several processes where there are enough of them to be worth the start."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from typing import Final

from errormap_dagster.domain.records import Analysis, FailureCase
from errormap_dagster.judge.streaming import in_order

Read = Callable[[FailureCase], Analysis]
_CASES_PER_TASK: Final = 32
_TASKS_PER_WORKER: Final = 8
_FEWEST_CASES_FOR_PROCESSES: Final = 400
"""Starting two processes takes about as long as reading this many failures in one."""


def read_in_processes(read: Read, cases: Iterable[FailureCase], workers: int) -> Iterator[Analysis]:
    """The analyses of cases in their order, whatever the number of workers.

    Args:
        read: reads one case; must be picklable when ``workers`` is above 1.
        cases: taken as they are needed.
        workers: processes to use at most.
    """
    waiting = iter(cases)
    first = list(islice(waiting, _FEWEST_CASES_FOR_PROCESSES)) if workers > 1 else []
    if len(first) < _FEWEST_CASES_FOR_PROCESSES:
        yield from map(read, chain(first, waiting))
        return
    # Polars and Dagster hold threads, which a forked child would inherit in an unknown state.
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:

        def submit(batch: list[FailureCase]) -> Future[list[Analysis]]:
            return pool.submit(_read_batch, read, batch)

        tasks = _batches(chain(first, waiting))
        for analyses in in_order(submit, tasks, workers * _TASKS_PER_WORKER):
            yield from analyses


def _batches(cases: Iterable[FailureCase]) -> Iterator[list[FailureCase]]:
    waiting = iter(cases)
    while batch := list(islice(waiting, _CASES_PER_TASK)):
        yield batch


def _read_batch(read: Read, cases: list[FailureCase]) -> list[Analysis]:
    return [read(case) for case in cases]
