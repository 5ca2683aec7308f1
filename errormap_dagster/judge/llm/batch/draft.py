"""The batch that is being put together: its file of requests grows on disk, not in memory."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from errormap_dagster.judge.llm.batch.lines import line_of
from errormap_dagster.judge.llm.client import Question

REQUESTS: Final = ".requests.jsonl"
"""Ending of the name of a file of requests; the batch's key stands before it."""


class Draft:
    """Questions of one stage, each with what is set aside for it, until they are submitted."""

    def __init__(self, folder: Path, batch_key: str, url: str) -> None:
        self.batch_key = batch_key
        self.path = folder / f"{batch_key}{REQUESTS}"
        self.calls: list[tuple[str, str]] = []
        """Id and prompt hash of each, in the order of their lines."""
        self.n_bytes = 0
        self._url = url
        self._reserved: dict[str, tuple[float, int]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("wb")

    def __contains__(self, call_id: str) -> bool:
        """Whether a call is in it."""
        return call_id in self._reserved

    def add(self, question: Question, usd: float, tokens: int) -> None:
        """Write a question to the file."""
        self.n_bytes += self._file.write(line_of(question, self._url))
        self.calls.append((question.call_id, question.prompt_hash))
        self._reserved[question.call_id] = (usd, tokens)

    def reserved(self, call_ids: Iterable[str] | None = None) -> tuple[float, int]:
        """Dollars and tokens that are set aside for some calls, or for all."""
        held = [self._reserved[call_id] for call_id in call_ids or ()]
        held = list(self._reserved.values()) if call_ids is None else held
        return sum(usd for usd, _ in held), sum(tokens for _, tokens in held)

    def close(self) -> None:
        """Bring the file to the disk, whole."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def keep(self, own: set[str]) -> None:
        """Take the lines of all other calls out of the closed file."""
        if len(own) == len(self.calls):
            return
        part = self.path.with_suffix(".part")
        with self.path.open("rb") as lines, part.open("wb") as kept:
            # A line and its call stand at the same place.
            kept.writelines(
                line for line, (call_id, _) in zip(lines, self.calls, strict=True) if call_id in own
            )
        part.replace(self.path)

    def discard(self) -> None:
        """Delete the file."""
        self._file.close()
        self.path.unlink(missing_ok=True)
