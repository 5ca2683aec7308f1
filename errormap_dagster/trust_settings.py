"""The ``trust`` section of ``errormap.yaml``: the judge's categories against those of others."""

from pydantic import Field

from errormap_dagster.section import Section


class TrustSettings(Section):
    """Second readings of what the judge read."""

    sample: int = Field(default=200, ge=10)
    """Failures of a sample for a second reading."""
    seed: int = 0
    """Seed of the hash that orders the failures for it."""
