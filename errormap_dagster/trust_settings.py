"""The ``trust`` section of ``errormap.yaml``: the judge's categories against those of others."""

from pydantic import Field

from errormap_dagster.judge_settings import JudgeSettings
from errormap_dagster.section import Section


class TrustSettings(Section):
    """Second readings of what the judge read. People's cost nothing; the others are off."""

    sample: int = Field(default=200, ge=10)
    """Failures of a sample for a second reading."""
    seed: int = 0
    """Seed of the hash that orders the failures for it."""
    second_judge: JudgeSettings | None = None
    """A judge that reads the sample too, with the settings of ``judge``; one by one, not by batch.
    Without a budget of its own that of ``judge`` holds."""
    repeats: int = Field(default=0, ge=0, le=20)
    """How often the judge reads the sample again, each time with another ``seed``."""
    repeat_prompts: list[str] = Field(default_factory=list)
    """Versions of the prompt ``analyse`` by which the judge reads the sample again, once each."""
