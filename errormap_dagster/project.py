"""A home opened for work: its settings, its tables, its landing and its judge, as plain objects."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from errormap_dagster.fingerprints import Fingerprints
from errormap_dagster.home import Home
from errormap_dagster.ingest.landing import Landing
from errormap_dagster.ingest.remote import RemoteFolder
from errormap_dagster.judge.embedded.analyst import EmbeddedAnalyst
from errormap_dagster.judge.interface import Judge, TaxonomyLimits
from errormap_dagster.judge_settings import RECORD_VARIABLE, JudgeSettings
from errormap_dagster.obstacles import Obstacles
from errormap_dagster.settings import Settings, load_settings
from errormap_dagster.store import Store


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Project:
    """Everything that a stage needs, made from the home's files."""

    home: Home
    settings: Settings
    run_id: str = "script"
    """Stands in what this process pays for and makes."""

    @classmethod
    def open(
        cls,
        given: str | Path | None = None,
        judge: Mapping[str, object] | None = None,
        run_id: str = "script",
    ) -> "Project":
        """Open the home that was named, else the one of the environment; make its folders.

        Args:
            given: the home.
            judge: choices that go before the environment and the file, by key of the section.
            run_id: stands in what is paid for and made.

        Raises:
            SettingsError: the home's ``errormap.yaml`` holds something that is not allowed.
        """
        home = Home.locate(given).prepare()
        return cls(home, load_settings(home.settings_file, judge), run_id)

    @cached_property
    def store(self) -> Store:
        """The home's tables."""
        return Store(self.home.tables)

    @cached_property
    def landing(self) -> Landing:
        """The home's landed files."""
        return Landing(self.home.staging, self.home.landing, _now, self.settings.reading)

    @cached_property
    def remote_folders(self) -> list[RemoteFolder]:
        """The landing folders that are URLs."""
        return [RemoteFolder(url, self.home.landing) for url in self.settings.landing.urls]

    @cached_property
    def obstacles(self) -> Obstacles:
        """What kept evaluations from being made."""
        return Obstacles(self.home.obstacles)

    @cached_property
    def judge(self) -> Judge:
        """The judge of the settings."""
        return self.judge_of(self.settings.judge, self.home.judge_batches)

    def judge_of(self, chosen: JudgeSettings, batch_folder: Path | None = None) -> Judge:
        """A judge of these settings, with this home's record of calls.

        Args:
            chosen: its settings.
            batch_folder: see ``LlmJudge``.
        """
        if chosen.kind == "embedded":
            return EmbeddedAnalyst(chosen.workers)
        from errormap_dagster.judge.llm.judge import (  # noqa: PLC0415 - openai takes seconds to import
            LlmJudge,
        )

        return LlmJudge(chosen, self.judge_calls_url, self.run_id, batch_folder=batch_folder)

    def close(self) -> None:
        """End what runs for the judge, if any was asked."""
        if "judge" in self.__dict__:
            self.judge.close()

    @property
    def judge_calls_url(self) -> str:
        """The database of the record of calls; a URL may hold a password and is never shown."""
        return os.environ.get(RECORD_VARIABLE) or f"sqlite:///{self.home.judge_calls}"

    @cached_property
    def fingerprints(self) -> Fingerprints:
        """What the tables would be made from now."""
        return Fingerprints(self.store, self.landing, self.settings, self.judge)

    @property
    def taxonomy_limits(self) -> TaxonomyLimits:
        """The settings' bounds of a grown taxonomy."""
        bounds = {field.name for field in fields(TaxonomyLimits)}
        return TaxonomyLimits(**self.settings.taxonomy.model_dump(include=bounds))

    @property
    def has_judge_calls(self) -> bool:
        """Whether there can be a record of calls; the embedded analyst makes none."""
        return RECORD_VARIABLE in os.environ or self.home.judge_calls.exists()
