"""Serving the explorer to this machine."""

import uvicorn

from errormap_dagster.explorer.app import explorer
from errormap_dagster.home import Home
from errormap_dagster.store import Store

HOST = "127.0.0.1"


def serve_pages(home: Home, port: int) -> None:
    """Answer browsers on this machine until interrupted."""
    uvicorn.run(explorer(Store(home.tables)), host=HOST, port=port, log_level="warning")
