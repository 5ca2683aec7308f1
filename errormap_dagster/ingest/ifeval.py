"""IFEval: ``eval_results_strict.jsonl`` and ``eval_results_loose.jsonl`` of one model's folder.

The files name no model: it is that of the folder. Both score the same answers, so one of them is
taken for each model, the strict one unless a setting says otherwise.
"""

from collections.abc import Iterator
from pathlib import Path

from errormap_dagster.domain.identity import content_id
from errormap_dagster.ingest.choices import DEFAULTS, Choice, Reading
from errormap_dagster.ingest.interface import Batch, SourceFormat
from errormap_dagster.ingest.json_lines import Line, first_object, lines
from errormap_dagster.ingest.rows import Kept, PassedOver, Record, Rejected, batched
from errormap_dagster.ingest.scores import NoScore, score_of

_SIGNS = {"follow_all_instructions", "follow_instruction_list", "prompt", "response"}
DATASET = "ifeval"
STRICT, LOOSE = "prompt_strict", "prompt_loose"


class IfEval(SourceFormat):
    """The results of IFEval's own script."""

    name = "ifeval"

    def sniff(self, path: Path) -> bool:
        """Whether the first line is a result."""
        return set(first_object(path)) >= _SIGNS

    def companions(self, path: Path) -> list[Path]:
        """The results by the other reading of the same answers."""
        other = _other(path)
        return [other] if other != path and other.is_file() else []

    def read(self, path: Path, reading: Reading = DEFAULTS) -> Iterator[Batch]:
        """Read line by line."""
        own = LOOSE if "loose" in path.name else STRICT
        there = [own, *([LOOSE if own == STRICT else STRICT] if self.companions(path) else [])]
        choice = reading.choose(DATASET, sorted(there, reverse=True))
        yield from batched(_records(path, own, choice))


def _other(path: Path) -> Path:
    if "loose" in path.name:
        return path.with_name(path.name.replace("loose", "strict"))
    return path.with_name(path.name.replace("strict", "loose"))


def _records(path: Path, own: str, choice: Choice) -> Iterator[Record]:
    yield choice
    for line in lines(path):
        if isinstance(line, Rejected):
            yield line
        else:
            yield _record(line, path, own, choice)


def _record(line: Line, path: Path, own: str, choice: Choice) -> Record:
    if own != choice.metric:
        return PassedOver(line.number)
    row = line.value
    score = score_of(own, row.get("follow_all_instructions"))
    if isinstance(score, NoScore):
        return Rejected(line.number, *score, line.text)
    instructions = row.get("instruction_id_list")
    values = {
        "example_id": row.get("key") or content_id(str(row.get("prompt")), length=16),
        "model": path.parent.name,
        "dataset": DATASET,
        "input_text": row.get("prompt"),
        "output_text": row.get("response"),
        "correct_answer": [{"instruction_id": name} for name in instructions or ()],
        "metric": own,
        "score": score,
    }
    return Kept(line.number, values, line.text)
