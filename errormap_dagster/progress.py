"""Telling a person how far long work has come, without knowing who watches.

The command line draws bars; under the Dagster UI nobody listens and the run's log tells.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Listener(Protocol):
    """Something that shows progress."""

    def begin(self, work: str, total: int | None) -> None:
        """Work of ``total`` steps begins; None when nobody knows how many."""
        ...

    def advance(self, work: str, steps: int) -> None:
        """So many steps more are done."""
        ...


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def shown_by(listener: Listener) -> Generator[None]:
    """Let ``listener`` hear of all work done inside."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def begin(work: str, total: int | None) -> None:
    """Announce work of ``total`` steps; None when nobody knows how many."""
    if listener := _listener.get():
        listener.begin(work, total)


def advance(work: str, steps: int = 1) -> None:
    """Report steps of announced work."""
    if listener := _listener.get():
        listener.advance(work, steps)


def track(items: Sequence[Item], work: str) -> Iterator[Item]:
    """The items one by one, each reported when the next is asked for."""
    if items:
        begin(work, len(items))
    yield from counted(items, work)


def counted(items: Iterable[Item], work: str) -> Iterator[Item]:
    """Pass items through, reporting each as a step of work that was announced before."""
    for item in items:
        yield item
        advance(work)
