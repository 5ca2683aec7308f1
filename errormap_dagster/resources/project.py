"""The Dagster resource that opens the home. A shell: stages get plain objects from it.

A run holds the home as long as it has this resource: with the in-process executor from its first
step to its last, with others step by step.
"""

from contextlib import ExitStack

import dagster as dg
from pydantic import Field, PrivateAttr

from errormap_dagster.home import Home
from errormap_dagster.project import Project
from errormap_dagster.resources.judge import JudgeResource


def report_dead_run(home: Home, instance: dg.DagsterInstance) -> None:
    """Let the run whose process died with the home in its hands fail, and free its pools.

    Whoever has the home alone may ask this. Dagster's daemon asks no process on this machine
    whether it lives, so such a run would be at work for ever.
    """
    if not home.holder.exists():
        return
    run = instance.get_run_by_id(home.holder.read_text(encoding="utf-8"))
    home.holder.unlink()
    if run is None or run.is_finished:
        return
    instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    instance.report_run_failed(run, "The process of the run ended without a word.")


def _hold(home: Home, instance: dg.DagsterInstance, run_id: str) -> None:
    if home.holder.exists() and home.holder.read_text(encoding="utf-8") != run_id:
        report_dead_run(home, instance)
    home.holder.write_text(run_id, encoding="utf-8")


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
        if context.instance and context.run:
            _hold(home, context.instance, context.run.run_id)
            self._held.callback(home.holder.unlink, missing_ok=True)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - the signature is Dagster's
        """Let the next run begin."""
        self._held.close()

    judge: JudgeResource

    def open(self, run_id: str = "script") -> Project:
        """Open the home: settings, tables, landing and judge.

        Args:
            run_id: stands in the calls that are paid for.
        """
        project = Project.open(self.home or None, self.judge.choices(), run_id)
        self._held.callback(project.close)
        return project
