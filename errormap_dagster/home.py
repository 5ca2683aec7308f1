"""The home: the one folder below which everything of a project's data lies.

Only paths and the folder's own set-up are here; what stands in the files is told by
``settings.py`` (``errormap.yaml``), ``store.py`` (``tables/``) and ``ingest/`` (``staging/``).
"""

import multiprocessing
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from errormap_dagster.errors import ErrorMapError

HOME_VARIABLE = "ERRORMAP_HOME"
_DEFAULT = "errormap_home"
EXPLORER_PORT = 3001
"""Where the explorer answers unless told otherwise, and where the assets' links lead."""

NO_TELEMETRY = {
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
}
"""Dagster, dbt and Great Expectations phone home unless these say otherwise."""

# The instance of a home: no telemetry, no first-visit dialogs over the pages, what we log in the
# log of the run, one writer of the warehouse at a time, and a second start for a run whose process
# died.
_DAGSTER_YAML = """\
telemetry:
  enabled: false
nux:
  enabled: false
python_logs:
  managed_python_loggers: [errormap_dagster]
  python_log_level: INFO
concurrency:
  pools:
    granularity: op
    default_limit: 1
run_monitoring:
  enabled: true
run_retries:
  enabled: true
  max_retries: 1
  retry_on_asset_or_op_failure: false
"""


@dataclass(frozen=True, slots=True)
class Home:
    """Paths below one ``ERRORMAP_HOME``."""

    root: Path

    @classmethod
    def locate(cls, given: str | Path | None = None) -> "Home":
        """The home that was named, else ``ERRORMAP_HOME``, else ``./errormap_home``."""
        return cls(Path(given or os.environ.get(HOME_VARIABLE) or _DEFAULT).expanduser().resolve())

    @property
    def landing(self) -> Path:
        """Where users drop files."""
        return self.root / "landing"

    @property
    def staging(self) -> Path:
        """Landed rows, cut by evaluation, before duplicates and conflicts are settled."""
        return self.root / "staging"

    @property
    def tables(self) -> Path:
        """One folder of Parquet per table."""
        return self.root / "tables"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file of the views, whole at any time."""
        return self.root / "warehouse.duckdb"

    @property
    def warehouse_in_work(self) -> Path:
        """Where dbt writes, until the file is whole and takes the place of the other.

        Both have the same name, for DuckDB's views name the file that they were made in.
        """
        return self.root / "dbt" / "in_work" / self.warehouse.name

    @property
    def dbt_target(self) -> Path:
        """dbt's compiled project, manifest and documentation."""
        return self.root / "dbt" / "target"

    @property
    def dbt_run_target(self) -> Path:
        """What the latest run of dbt compiled, and its own logs."""
        return self.dbt_target / "run"

    @property
    def dbt_logs(self) -> Path:
        """dbt's logs."""
        return self.root / "dbt" / "logs"

    @property
    def warehouse_mark(self) -> Path:
        """The fingerprint of the tables that the warehouse was built from."""
        return self.root / "dbt" / "built_from.txt"

    @property
    def judge_calls(self) -> Path:
        """The record of calls to a judge, unless the environment names another database."""
        return self.root / "judge_calls.sqlite"

    @property
    def judge_batches(self) -> Path:
        """Files of calls on their way to a judge's Batch API, and of answers on their way back."""
        return self.root / "judge_batches"

    @property
    def reviews(self) -> Path:
        """What people said."""
        return self.root / "reviews"

    @property
    def gold_verdicts(self) -> Path:
        """What people said of suspect references."""
        return self.reviews / "gold_verdicts.csv"

    @property
    def error_reviews(self) -> Path:
        """What people said of failures that the judge read."""
        return self.reviews / "errors.csv"

    @property
    def obstacles(self) -> Path:
        """What kept evaluations from being made."""
        return self.root / "obstacles.json"

    @property
    def report(self) -> Path:
        """The newest report; those of earlier refreshes lie beside it."""
        return self.root / "reports" / "report.html"

    @property
    def dagster(self) -> Path:
        """Dagster's instance, unless ``DAGSTER_HOME`` names another."""
        return self.root / "dagster"

    @property
    def taxonomy_folder(self) -> Path:
        """What people write of taxonomies: edits, and taxonomies of their own; may be absent."""
        return self.root / "taxonomy"

    @property
    def edits_file(self) -> Path:
        """What people want of every grown taxonomy; may be absent."""
        return self.taxonomy_folder / "edits.yaml"

    @property
    def settings_file(self) -> Path:
        """The settings; every key has a default, so the file may be absent."""
        return self.root / "errormap.yaml"

    @property
    def holder(self) -> Path:
        """The id of the run that has the home alone; left behind by one whose process died."""
        return self.root / ".holder"

    @property
    def _lock(self) -> FileLock:
        return FileLock(self.root / ".lock", thread_local=False)

    def is_taken(self) -> bool:
        """Whether a process has the home alone now."""
        try:
            with self._lock.acquire(timeout=0):
                return False
        except Timeout:
            return True

    @contextmanager
    def alone(self, on_wait: Callable[[], None] | None = None) -> Generator[None]:
        """Let no other process write the tables meanwhile; wait for one that does.

        The lock ends with the process that holds it, however that ends.

        Args:
            on_wait: called once when another process is at work.

        Raises:
            ErrorMapError: a worker process asks, while it imports the script that started it: it
                would wait for that script, and the script for it.
        """
        if getattr(multiprocessing.current_process(), "_inheriting", False):
            raise ErrorMapError(
                "A worker process has run your script again from its first line. Put the call "
                'that runs the chain below `if __name__ == "__main__":`.'
            )
        lock = self._lock
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if on_wait:
                on_wait()
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def prepare(self) -> "Home":
        """Make the folders, and point this process and its children at this home."""
        for folder in (self.landing, self.staging, self.tables, self.dagster):
            folder.mkdir(parents=True, exist_ok=True)
        instance_file = self.dagster / "dagster.yaml"
        if not instance_file.exists():
            instance_file.write_text(_DAGSTER_YAML, encoding="utf-8")
        os.environ[HOME_VARIABLE] = str(self.root)
        os.environ.setdefault("DAGSTER_HOME", str(self.dagster))
        for variable, off in NO_TELEMETRY.items():
            os.environ.setdefault(variable, off)
        return self
