"""The Dagster resource that opens the home. A shell: stages get plain objects from it."""

import dagster as dg
from pydantic import Field

from errormap_dagster.project import Project
from errormap_dagster.resources.judge import JudgeResource


class ProjectResource(dg.ConfigurableResource[None]):
    """The folder that everything is read from and written to."""

    home: str = Field(
        default="",
        description="The home; empty for ERRORMAP_HOME, else ./errormap_home.",
    )

    judge: JudgeResource

    def open(self, run_id: str = "script") -> Project:
        """Open the home: settings, tables, landing and judge.

        Args:
            run_id: stands in the calls that are paid for.
        """
        return Project.open(self.home or None, self.judge.choices(), run_id)
