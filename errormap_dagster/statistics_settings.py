"""Sections of ``errormap.yaml`` about the numbers: signatures, comparisons of models, profiles."""

from typing import Literal

from pydantic import Field

from errormap_dagster.section import Section


class SignatureSettings(Section):
    """Shares of errors and their intervals."""

    widest_interval: float = Field(default=0.2, gt=0, le=1)
    """A share whose interval is wider is marked ``is_too_few``: too few errors to say."""


class ComparisonSettings(Section):
    """Comparisons of two models on the same examples."""

    pairs: Literal["all", "none"] | list[tuple[str, str]] = "all"
    """Which pairs the table holds; ``errormap compare`` takes any pair at any time."""
    max_pairs_per_dataset: int = Field(default=100, ge=1)
    """With ``all``: a dataset with more pairs of models than this has none in the table."""
    false_discovery_rate: float = Field(default=0.05, gt=0, lt=1)
    """Level at which a change of a category counts as real, over all categories of a comparison."""
    max_regression: float = Field(default=0.02, ge=0, le=1)
    """``errormap compare --fail-on-regression``: a rate may rise by so much, 0 to 1."""
