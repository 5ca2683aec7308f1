"""The Dagster resource that opens the home. A shell: stages get plain objects from it.

A run holds the home as long as it has this resource: with the in-process executor from its first
step to its last, with others step by step.
"""

from contextlib import ExitStack

import dagster as dg
from pydantic import Field, PrivateAttr

from errormap_dagster.home import Home
from errormap_dagster.project import Project


def _free_slots_of_dead_runs(instance: dg.DagsterInstance, run_id: str) -> None:
    """Give back what a killed run held of the pools; whoever has the home alone knows it is dead.

    Dagster's daemon does the same, but only for runs that it started.
    """
    storage = instance.event_log_storage
    for pool in storage.get_concurrency_keys():
        for holder in storage.get_concurrency_info(pool).active_run_ids - {run_id}:
            storage.free_concurrency_slots_for_run(holder)


class ProjectResource(dg.ConfigurableResource[None]):
    """The folder that everything is read from and written to."""

    home: str = Field(
        default="",
        description="The home; empty for ERRORMAP_HOME, else ./errormap_home.",
    )
    _held: ExitStack = PrivateAttr(default_factory=ExitStack)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Let one run at a time write the home; another waits for its end."""

        def on_wait() -> None:
            if context.log:
                context.log.info("another run is at work on this home; waiting for its end")

        home = Home.locate(self.home or None).prepare()
        self._held.enter_context(home.alone(on_wait))
        if context.instance and context.run_id:
            _free_slots_of_dead_runs(context.instance, context.run_id)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - the signature is Dagster's
        """Let the next run begin."""
        self._held.close()

    def open(self) -> Project:
        """Open the home: settings, tables, landing and judge."""
        return Project.open(self.home or None)
