"""``errormap dev``, ``explore`` and ``docs``: what serves or documents the home."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from errormap_dagster.cli import console
from errormap_dagster.errors import ErrorMapError, TableMissingError
from errormap_dagster.explorer.serving import HOST, serve_pages
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
    try:
        # Dagster leaves files of its own in the working folder: that is the home.
        return subprocess.run(command, check=False, cwd=located.root).returncode  # noqa: S603 - our own program
    except KeyboardInterrupt:
        return 0


def serve_explorer(home: Path | None, port: int) -> int:
    """Answer browsers out of the home's tables until interrupted; nothing is written.

    Raises:
        TableMissingError: there is no such home.
        ErrorMapError: the port is taken.
    """
    located = Home.locate(home)
    if not located.tables.is_dir():
        raise TableMissingError(
            f"{located.root} is no home: it has no tables. `errormap land` makes one, "
            f"--home names another."
        )
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise ErrorMapError(f"Port {port} is taken. Choose another with --port.")
    console.say(f"Explorer over {located.root}: http://{HOST}:{port} (Ctrl-C ends it)")
    serve_pages(located, port)
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
