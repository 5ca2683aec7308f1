"""The record of calls as coroutines use it: one thread, and few transactions for many calls.

Calls that return at about the same time are committed together; each of them waits until it is.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Generic, TypeVar

from errormap_dagster.errors import JudgeStoppedError
from errormap_dagster.judge.llm.record import ROWS_PER_PART, Call, CallRecord, Entry, Spent

_LINGER_SECONDS: Final = 0.005
"""How long the first of a group of questions waits for others: little beside a call."""
Asked = TypeVar("Asked")
Told = TypeVar("Told")


class Recorder:
    """Finds, saves and mends calls for the coroutines of one event loop."""

    def __init__(self, record: CallRecord) -> None:
        def find_all(call_ids: Sequence[str]) -> list[Call | None]:
            found = record.find_all(call_ids)
            return [found.get(call_id) for call_id in call_ids]

        self._thread = ThreadPoolExecutor(1, thread_name_prefix="judge-record")
        self._finds = _Groups(find_all, self._thread, _LINGER_SECONDS)
        # What has returned is written at once: it would be lost if the process were killed.
        self._writes = _Groups(record.write, self._thread, 0.0)

    async def find(self, call_id: str) -> Call | None:
        """The row of a call; see ``CallRecord.find``."""
        return await self._finds.put(call_id)

    async def save(self, call: Call, counted: Spent | None = None) -> Call:
        """Record a call; see ``CallRecord.save``."""
        return await self._writes.put(Entry(call, None, counted))

    async def mend(self, call: Call, invalid_reply: str, counted: Spent | None = None) -> Call:
        """Record the repair of a reply; see ``CallRecord.mend``."""
        return await self._writes.put(Entry(call, invalid_reply, counted))

    async def close(self) -> None:
        """Wait for what is under way, and end the thread."""
        await self._finds.end()
        await self._writes.end()
        self._thread.shutdown()


class _Groups(Generic[Asked, Told]):
    """Hands what coroutines ask for to a thread, in groups: what has come while one was at work."""

    def __init__(
        self,
        carry_out: Callable[[Sequence[Asked]], list[Told]],
        thread: ThreadPoolExecutor,
        linger_seconds: float,
    ) -> None:
        self._carry_out = carry_out
        self._thread = thread
        self._linger_seconds = linger_seconds
        self._waiting: list[tuple[Asked, asyncio.Future[Told]]] = []
        self._work: asyncio.Task[None] | None = None

    async def put(self, asked: Asked) -> Told:
        """What becomes of it, once it is carried out."""
        future: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._until_nothing_waits())
        return await future

    async def end(self) -> None:
        """Wait until all is carried out."""
        if self._work is not None:
            await self._work

    async def _until_nothing_waits(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._linger_seconds)
            group = self._waiting[:ROWS_PER_PART]
            del self._waiting[:ROWS_PER_PART]
            await self._one_group(group)

    async def _one_group(self, group: list[tuple[Asked, asyncio.Future[Told]]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            asked = [item for item, _ in group]
            told = await loop.run_in_executor(self._thread, self._carry_out, asked)
        except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it is
            if len(group) == 1 or isinstance(error, JudgeStoppedError):
                for _, future in group:
                    if not future.done():
                        future.set_exception(error)
                return
            # One of them spoils the transaction: it is found out by itself.
            for one in group:
                await self._one_group([one])
            return
        for (_, future), answer in zip(group, told, strict=True):
            if not future.done():
                future.set_result(answer)
