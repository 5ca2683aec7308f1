"""Sections of ``errormap.yaml`` about data that come by themselves: landing, refresh, alerts."""

import re
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from errormap_dagster.section import Section

_CRON = re.compile(r"@(hourly|daily|weekly|monthly)|(\S+\s+){4}\S+")


class LandingSettings(Section):
    """Where files land and what they may look like."""

    urls: list[str] = Field(default_factory=list)
    """Landing folders besides the home's own: any URL that fsspec takes, such as s3://data/evals."""
    still_seconds: float = Field(default=10, ge=0)
    """The sensor leaves a file until its size and time of change have been the same this long."""
    max_quarantined_share: float = Field(default=0.05, ge=0, le=1)
    """A larger share of rejected rows in a file fails a check."""

    @field_validator("urls")
    @classmethod
    def _have_protocols(cls, urls: list[str]) -> list[str]:
        for url in urls:
            if "://" not in url:
                raise ValueError(f"{url!r} has no protocol; a folder here is file:///path/to/it")
            if "@" in url.split("://", 1)[1].split("/", 1)[0]:
                raise ValueError("a URL must hold no key; keys come from the environment")
        return urls


class RefreshSettings(Section):
    """What happens untouched when new data land, and every night."""

    is_on: bool = False
    """Whether the sensor and the schedule start switched on; the UI can switch them at any time."""
    interval_seconds: int = Field(default=30, ge=1)
    """How often the sensor looks at the landing folders."""
    cron: str = "0 2 * * *"
    """When the schedule makes everything that is missing or stale."""
    timezone: str = "UTC"
    """Of the schedule, such as Europe/Berlin."""

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, cron: str) -> str:
        if not _CRON.fullmatch(cron):
            raise ValueError("is no cron expression, such as 0 2 * * *")
        return cron

    @field_validator("timezone")
    @classmethod
    def _is_timezone(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("is no time zone, such as Europe/Berlin") from error
        return timezone


class OpenLineageSettings(Section):
    """Events of lineage for the catalogues of other tools; where they go, the client is told."""

    is_on: bool = False
    """Whether the events of each ended run are sent."""
    namespace: str = Field(default="errormap", min_length=1)
    """Of the names of jobs and tables; another one for each home that a catalogue hears of."""


class AlertSettings(Section):
    """Who hears of a run that failed."""

    webhook_variable: str = "ERRORMAP_ALERT_WEBHOOK"
    """The environment variable that holds the webhook's URL; the URL itself is a secret."""
    ui_url: str = Field(default="http://127.0.0.1:3000", pattern=r"^https?://")
    """Where the Dagster UI is reached, for the link to the run."""
