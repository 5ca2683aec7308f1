"""``errormap dev`` and ``errormap docs``: other programs, started over the home."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from errormap_dagster.cli import console
from errormap_dagster.home import Home
from errormap_dagster.paths import dbt_project_dir, workspace_file
from errormap_dagster.resources.dbt import dbt_executable
from errormap_dagster.resources.warehouse import warehouse_copy


def serve(home: Path | None, port: int) -> int:
    """Run Dagster's UI and daemon until interrupted."""
    located = Home.locate(home).prepare()
    console.say(f"Dagster over {located.root}: http://127.0.0.1:{port} (Ctrl-C ends it)")
    dagster = Path(sys.executable).parent / "dagster"
    command = [
        *(str(dagster), "dev", "--workspace", str(workspace_file())),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]
    # Dagster leaves files of its own in the working folder: that is the home.
    with subprocess.Popen(command, cwd=located.root) as running:  # noqa: S603 - our own program

        def end(*_: object) -> None:
            running.send_signal(signal.SIGINT)

        # Whoever ends this program, such as a service manager, means Dagster too.
        signal.signal(signal.SIGTERM, end)
        try:
            return running.wait()
        except KeyboardInterrupt:
            return 0


def build_docs(home: Path | None) -> int:
    """Build dbt's documentation; the site needs no network."""
    located = Home.locate(home).prepare()
    command = [
        *(dbt_executable(), "docs", "generate", "--static", "--quiet"),
        *("--project-dir", str(dbt_project_dir()), "--profiles-dir", str(dbt_project_dir())),
        *("--target-path", str(located.dbt_target / "docs"), "--log-path", str(located.dbt_logs)),
    ]
    with located.alone(), warehouse_copy(located):
        done = subprocess.run(command, check=False, env={**os.environ}).returncode  # noqa: S603 - our own program
    if not done:
        console.say(f"Documentation: {located.dbt_target / 'docs' / 'static_index.html'}")
    return done
