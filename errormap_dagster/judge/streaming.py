"""Work that is done side by side and handed on in order, with few items in flight."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    submit: Callable[[Item], "Future[Result]"], items: Iterable[Item], window: int
) -> Iterator[Result]:
    """The results of items in their order; at most ``window`` of them are under way at once.

    Items are taken one by one as results are asked for, so that memory does not grow with their
    number. When one fails, what is under way is waited for before the failure is passed on: a
    call that is paid for is not thrown away.
    """
    waiting = iter(items)
    under_way: deque[Future[Result]] = deque()
    try:
        under_way.extend(submit(item) for item in islice(waiting, window))
        while under_way:
            result = under_way.popleft().result()
            under_way.extend(submit(item) for item in islice(waiting, 1))
            yield result
    finally:
        for future in under_way:
            future.exception()
