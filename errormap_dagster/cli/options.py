"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

from errormap_dagster.home import HOME_VARIABLE

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar=HOME_VARIABLE, help="The home; default ./errormap_home."),
]
