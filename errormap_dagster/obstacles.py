"""What kept an evaluation from being made: remembered until a run gets past it.

One evaluation that cannot be made holds up no other. What went wrong with it stands in a small file
of the home, from which ``status``, the table ``evaluations`` and the alerts tell it.
"""

import json
import uuid
from pathlib import Path
from typing import NamedTuple

from errormap_dagster.evaluations import Evaluation


class Obstacle(NamedTuple):
    """Why the rows of one evaluation in one table could not be made."""

    table: str
    evaluation: Evaluation
    reason: str

    def __str__(self) -> str:
        return f"{self.evaluation.key} in {self.table}: {self.reason}"


class Obstacles:
    """The obstacles of a home, at most one per table and evaluation."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[Obstacle]:
        """Every obstacle that no run has got past yet, sorted."""
        if not self._path.exists():
            return []
        entries = json.loads(self._path.read_text(encoding="utf-8"))
        return sorted(Obstacle(table, Evaluation(d, m), why) for table, d, m, why in entries)

    def note(self, table: str, tried: list[Evaluation], met: list[Obstacle]) -> None:
        """Replace what is known of the evaluations of a table that were tried."""
        kept = [o for o in self.all() if o.table != table or o.evaluation not in set(tried)]
        self._write([*kept, *met])

    def keep(self, evaluations: list[Evaluation]) -> None:
        """Forget the obstacles of evaluations other than these: they have gone."""
        self._write([o for o in self.all() if o.evaluation in set(evaluations)])

    def _write(self, obstacles: list[Obstacle]) -> None:
        if not obstacles:
            self._path.unlink(missing_ok=True)
            return
        beside = self._path.with_name(f".{self._path.name}.{uuid.uuid4().hex}.tmp")
        rows = [[o.table, *o.evaluation, o.reason] for o in sorted(obstacles)]
        beside.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
        beside.replace(self._path)
