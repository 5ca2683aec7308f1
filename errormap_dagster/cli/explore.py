"""``errormap explore``: pages over the tables. Dagster is not needed, so the start is quick."""

import socket
from pathlib import Path

from errormap_dagster.cli import console
from errormap_dagster.errors import ErrorMapError, TableMissingError
from errormap_dagster.explorer.serving import HOST, serve_pages
from errormap_dagster.home import Home


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
