"""A home opened for work: its settings, its tables, its landing and its judge, as plain objects."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from errormap_dagster.fingerprints import Fingerprints
from errormap_dagster.home import Home
from errormap_dagster.ingest.landing import Landing
from errormap_dagster.ingest.remote import RemoteFolder
from errormap_dagster.judge.embedded.analyst import EmbeddedAnalyst
from errormap_dagster.judge.interface import Judge, TaxonomyLimits
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

    @classmethod
    def open(cls, given: str | Path | None = None) -> "Project":
        """Open the home that was named, else the one of the environment; make its folders.

        Raises:
            SettingsError: the home's ``errormap.yaml`` holds something that is not allowed.
        """
        home = Home.locate(given).prepare()
        return cls(home, load_settings(home.settings_file))

    @cached_property
    def store(self) -> Store:
        """The home's tables."""
        return Store(self.home.tables)

    @cached_property
    def landing(self) -> Landing:
        """The home's landed files."""
        return Landing(self.home.staging, self.home.landing, clock=_now)

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
        return EmbeddedAnalyst()

    @cached_property
    def fingerprints(self) -> Fingerprints:
        """What the tables would be made from now."""
        return Fingerprints(self.store, self.landing, self.settings, self.judge.identity)

    @property
    def taxonomy_limits(self) -> TaxonomyLimits:
        """The settings' bounds of a grown taxonomy."""
        return TaxonomyLimits(**self.settings.taxonomy.model_dump(exclude={"reported"}))
