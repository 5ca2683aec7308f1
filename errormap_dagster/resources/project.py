"""The Dagster resource that opens the home. A shell: stages get plain objects from it."""

import dagster as dg
from pydantic import Field

from errormap_dagster.project import Project


class ProjectResource(dg.ConfigurableResource[None]):
    """The folder that everything is read from and written to."""

    home: str = Field(
        default="",
        description="The home; empty for ERRORMAP_HOME, else ./errormap_home.",
    )

    def open(self) -> Project:
        """Open the home: settings, tables, landing and judge."""
        return Project.open(self.home or None)
