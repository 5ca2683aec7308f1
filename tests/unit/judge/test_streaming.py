"""Work side by side, handed on in order."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from errormap_dagster.judge.streaming import in_order


def counting(taken: list[int], n: int) -> Iterator[int]:
    for item in range(n):
        taken.append(item)
        yield item


def done(result: int) -> "Future[int]":
    future: Future[int] = Future()
    future.set_result(result)
    return future


@pytest.mark.parametrize("window", [1, 2, 7, 50])
def test_results_come_in_the_order_of_their_items(window: int) -> None:
    gates = [threading.Event() for _ in range(20)]

    def work(item: int) -> int:
        # Within a window the later item ends first.
        if item % 2 == 0 and item + 1 < len(gates) and window > 1:
            assert gates[item + 1].wait(10)
        gates[item].set()
        return item * 10

    with ThreadPoolExecutor(window) as pool:
        got = in_order(lambda item: pool.submit(work, item), range(20), window)
        assert list(got) == [item * 10 for item in range(20)]


def test_no_more_items_are_taken_than_the_window_holds() -> None:
    taken: list[int] = []
    results = in_order(done, counting(taken, 100), 5)
    assert taken == []
    for n_given in range(1, 20):
        next(results)
        assert len(taken) == n_given + 5


def test_no_items_are_no_results() -> None:
    assert list(in_order(done, [], 4)) == []


def test_what_is_under_way_is_waited_for_before_a_failure_is_passed_on() -> None:
    running: dict[int, Future[int]] = {}

    def submit(item: int) -> "Future[int]":
        running[item] = Future()
        if item == 0:
            running[item].set_exception(ValueError("the first one fails"))
        else:
            threading.Timer(0.05, running[item].set_result, [item]).start()
        return running[item]

    with pytest.raises(ValueError, match="the first one fails"):
        list(in_order(submit, range(9), 4))
    assert sorted(running) == [0, 1, 2, 3]
    assert all(future.done() for future in running.values())


def test_what_is_under_way_is_waited_for_when_there_is_no_further_item_to_be_had() -> None:
    running: list[Future[int]] = []

    def submit(item: int) -> "Future[int]":
        running.append(Future())
        threading.Timer(0.05, running[-1].set_result, [item]).start()
        return running[-1]

    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("the table cannot be read")

    with pytest.raises(OSError, match="cannot be read"):
        list(in_order(submit, items(), 4))
    assert [future.done() for future in running] == [True, True]
