"""lighteval: ``details_*.parquet``, of both generations, with the run's ``results_*.json``.

From 0.11 on a row holds the structs ``doc``, ``metric`` and ``model_response``; before, and on the
first Open LLM Leaderboard, its columns are flat. Types differ from task to task, so each file is
read on its own, row by row.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.choices import DEFAULTS, Choice, Reading
from errormap_dagster.ingest.interface import Batch, SourceFormat
from errormap_dagster.ingest.json_document import first_keys, some_members
from errormap_dagster.ingest.lighteval_rows import flat_values, metrics_of, nested_values
from errormap_dagster.ingest.native_parquet import is_parquet
from errormap_dagster.ingest.rows import Kept, Record, Rejected, batched
from errormap_dagster.ingest.scores import NoScore, of_instances_first, score_of

_NESTED = {"doc", "metric", "model_response"}
_FLAT = {"predictions", "metrics", "full_prompt"}
_FILE = re.compile(r"^details_(?P<task>.*?)_(?P<date>\d+-\d+-\d+T.*)\.parquet$")
_ROWS_AT_ONCE = 64


class Lighteval(SourceFormat):
    """The details files of lighteval."""

    name = "lighteval"

    def sniff(self, path: Path) -> bool:
        """Whether it is Parquet with the columns of either generation."""
        if not is_parquet(path):
            return False
        try:
            names = {name.strip("_") for name in pq.read_schema(path).names}
        except (pa.ArrowException, OSError):
            return False
        return names >= _NESTED or names >= _FLAT

    def companions(self, path: Path) -> list[Path]:
        """The results file of the same run."""
        found = _results_file(path)
        return [found] if found else []

    def read(self, path: Path, reading: Reading = DEFAULTS) -> Iterator[Batch]:
        """Read some rows at a time."""
        yield from batched(_records(path, reading))


def is_results(path: Path) -> bool:
    """Whether a file holds the results of a run."""
    return {"config_general", "results"} <= set(first_keys(path))


def _results_file(path: Path) -> Path | None:
    """``results/<model>/results_<date>.json``, or the same name beside the details."""
    named = _FILE.match(path.name)
    if not named:
        return None
    name = f"results_{named['date']}.json"
    folders = [path.parent, path.parent.parent]
    for above in path.parents:
        if above.name == "details":
            model = path.parent.parent.relative_to(above)
            folders.append(above.parent / "results" / model)
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def _model(path: Path) -> str:
    """From the results, else the folders ``details/<model>/<date>`` or a repository's name."""
    found = _results_file(path)
    general: Mapping[str, Any] = (
        some_members(found, {"config_general"}).get("config_general", {}) if found else {}
    )
    if name := general.get("model_name") or (general.get("model_config") or {}).get("model_name"):
        return str(name)
    for above in path.parents:
        if above.name == "details":
            return path.parent.parent.relative_to(above).as_posix()
        if above.name.startswith("details_"):
            plain = above.name.removeprefix("details_").removesuffix("_private")
            return plain.replace("__", "/", 1)
    return path.parent.name


def _dataset(task: str) -> str:
    """``lighteval|gsm8k|5|0`` is ``gsm8k``: neither the suite nor the number of shots."""
    parts = [part for part in task.split("|") if part and not part.isdigit()]
    return parts[-1] if parts else task


def _records(path: Path, reading: Reading) -> Iterator[Record]:
    named = _FILE.match(path.name)
    task = named["task"] if named else path.stem
    date = named["date"] if named else None
    same = {"model": _model(path), "dataset": _dataset(task), "run_id": date}
    choice: Choice | None = None
    for number, row in enumerate(_rows(path), start=1):
        metrics = metrics_of(row)
        if choice is None:
            choice = _choose(_dataset(task), metrics, reading)
            yield choice
        score = score_of(choice.metric, metrics.get(choice.metric))
        if isinstance(score, NoScore):
            yield Rejected(number, *score, row)
            continue
        values = (
            nested_values(row, choice.metric) if "doc" in row else flat_values(row, choice.metric)
        )
        told = {"metric": choice.metric, "score": score, **same}
        yield Kept(number, {**values, **told})


def _choose(dataset: str, metrics: Mapping[str, Any], reading: Reading) -> Choice:
    ranked = of_instances_first(metrics)
    scalar = next((m for m in ranked if not isinstance(score_of(m, metrics[m]), NoScore)), None)
    return reading.choose(dataset, ranked, metric=scalar)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                for row in batch.to_pylist():
                    yield {name.strip("_"): value for name, value in row.items()}
    except (pa.ArrowException, OSError) as error:
        raise IngestError(f"{path}: is not readable as Parquet: {error}") from error
