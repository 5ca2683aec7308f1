"""``errormap.yaml``: every setting, its default, and what is allowed.

Unknown keys and wrong values are errors that name the file and the key. Secrets never stand
here: they come from the environment.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator

from errormap_dagster.errors import SettingsError
from errormap_dagster.ingest.choices import FileMapping, Reading
from errormap_dagster.ingest.interface import COLUMNS
from errormap_dagster.judge_settings import JudgeSettings
from errormap_dagster.refresh_settings import (
    AlertSettings,
    LandingSettings,
    OpenLineageSettings,
    RefreshSettings,
)
from errormap_dagster.section import Section
from errormap_dagster.statistics_settings import ComparisonSettings, SignatureSettings
from errormap_dagster.trust_settings import TrustSettings


class DatasetSettings(Section):
    """How the scores of one dataset are read."""

    metric: str | None = None
    """The metric to take of a log with several; files with another one are refused."""
    filter: str | None = None
    """The filter to take of a log that scored each answer by several; default: docs/formats.md."""
    higher_is_better: bool | None = None
    """Direction of the metric; default: what the file says, else true."""
    threshold: float | None = Field(default=None, allow_inf_nan=False)
    """Score from which a prediction is a success; default: docs/methods.md, "Failures"."""
    skill: list[str] = Field(default_factory=list)
    """Names of the categories that are about what the dataset is meant to measure."""


class SamplingSettings(Section):
    """Which failures the judge reads. The default reads all: the embedded analyst costs nothing."""

    share: float = Field(default=1.0, gt=0, le=1)
    """Share of the failures of each evaluation."""
    cap_per_evaluation: int | None = Field(default=None, ge=1)
    """At most this many failures of each evaluation."""
    minimum_per_evaluation: int = Field(default=10, ge=1)
    """At least this many, or all there are, so that small groups never vanish."""
    seed: int = 0
    """Seed of the hash that orders the failures."""


class CorrectPredictionSettings(Section):
    """Informative correct predictions, the judge's evidence."""

    per_example: int = Field(default=3, ge=0, le=10)
    """At most this many correct outputs of other models for one failure."""
    seed: int = 0
    """Seed of the hash that orders the candidates."""


class MappingSettings(Section):
    """How to read files in a format that is not known; docs/formats.md has examples."""

    files: str | None = None
    """Pattern of paths, such as ``runs/*/answers.json``; without it ``--format`` names it."""
    records: str | None = None
    """Where the list of rows is in a JSON document; default: the document, or its lines."""
    columns: dict[str, str]
    """Our columns, each with the column or JMESPath of its value in a row."""
    values: dict[str, str] = Field(default_factory=dict)
    """Our columns that are the same in every row; ``{folder}`` and ``{stem}`` are names."""

    @field_validator("columns", "values")
    @classmethod
    def _ours(cls, given: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(set(given) - set(COLUMNS)):
            raise ValueError(f"{unknown[0]!r} is none of our columns: {', '.join(COLUMNS)}")
        return given


class ModelSettings(Section):
    """Names of models."""

    aliases: dict[str, str] = Field(default_factory=dict)
    """Spellings, each with the one name it stands for; exact, with letter case and signs."""

    @field_validator("aliases")
    @classmethod
    def _one_step(cls, aliases: dict[str, str]) -> dict[str, str]:
        chained = sorted(name for name in aliases.values() if aliases.get(name, name) != name)
        if chained:
            raise ValueError(f"{chained[0]!r} is a name and the spelling of another at once")
        return aliases


class TaxonomyQualitySettings(Section):
    """How the quality of taxonomies is measured; what costs calls is off for an endpoint."""

    repeats: int | None = Field(default=None, ge=0, le=50)
    """How often a grown version is grown again. Default: 5; 0 with a judge behind an endpoint."""
    sample_share: float = Field(default=0.8, gt=0, le=1)
    """Share of its errors that each repetition is grown from."""
    most_errors: int = Field(default=5_000, ge=50)
    """Errors that repetitions are compared on; of more, a seeded draw."""
    second_pass_errors: int | None = Field(default=None, ge=0)
    """Errors that are classified once more, between two categories alone. Default: 1000; 0 with a
    judge behind an endpoint."""
    unstable_below: float = Field(default=0.5, ge=0, le=1)
    """A category whose mean Jaccard index is lower is marked unstable."""


class TaxonomySettings(Section):
    """Bounds of the taxonomy that is grown from the errors, and the one that reports show."""

    reported: str = "atlas"
    """The taxonomy under which the failure ledger stands and the reports are printed."""
    block_on_candidates: bool = False
    """Whether a candidate that waits for a decision stops what lies below the taxonomies."""
    max_categories_per_level: int = Field(default=25, ge=2, le=100)
    max_depth: int = Field(default=3, ge=1, le=3)
    min_errors_to_split: int = Field(default=10, ge=2)
    """A category with fewer errors gets no categories below it."""
    max_name_words: int = Field(default=5, ge=1, le=20)
    max_description_words: int = Field(default=30, ge=5, le=200)
    stop_after_unchanged: int = Field(default=2, ge=0)
    """Batches of titles in a row that change nothing, after which none is read; 0: all are read."""
    max_errors_placed: int = Field(default=5_000, ge=100)
    """Errors of a level that a language model sorts before it divides; more are drawn from."""
    seed: int = 0
    held_out_share: float = Field(default=0.1, ge=0, le=0.5)
    """Errors that take no part in growing a version, so that its coverage is measured on them."""
    novelty_tolerance: float = Field(default=0.02, ge=0, le=1)
    """How much larger the share of badly fitting new errors must surely be to raise the check."""
    grow_on_novelty: bool | None = None
    """Whether a refresh whose new errors raise that check grows a candidate. Default: yes; no with
    a judge behind an endpoint."""
    quality: TaxonomyQualitySettings = TaxonomyQualitySettings()


NOT_OF_GROWTH = {
    *("reported", "block_on_candidates", "held_out_share"),
    *("novelty_tolerance", "grow_on_novelty"),
}
"""Settings of taxonomies that what is grown again does not depend on."""


class Settings(Section):
    """All settings of a home."""

    datasets: dict[str, DatasetSettings] = Field(default_factory=dict)
    """By the dataset's name."""
    sampling: SamplingSettings = SamplingSettings()
    correct_predictions: CorrectPredictionSettings = CorrectPredictionSettings()
    landing: LandingSettings = LandingSettings()
    models: ModelSettings = ModelSettings()
    mappings: dict[str, MappingSettings] = Field(default_factory=dict)
    """By a name of yours, which ``errormap land --format`` takes too."""
    refresh: RefreshSettings = RefreshSettings()
    alerts: AlertSettings = AlertSettings()
    openlineage: OpenLineageSettings = OpenLineageSettings()
    judge: JudgeSettings = JudgeSettings()
    taxonomy: TaxonomySettings = TaxonomySettings()
    groups: dict[str, list[str]] = Field(default_factory=dict)
    """Groups of datasets that have a signature of their own, by the group's name."""
    signatures: SignatureSettings = SignatureSettings()
    comparisons: ComparisonSettings = ComparisonSettings()
    trust: TrustSettings = TrustSettings()

    def of_dataset(self, dataset: str) -> DatasetSettings:
        """The settings of one dataset; the defaults when it is not named."""
        return self.datasets.get(dataset, DatasetSettings())

    @property
    def reading(self) -> Reading:
        """What bears on how files are read."""
        return Reading(
            metrics={name: d.metric for name, d in self.datasets.items() if d.metric},
            filters={name: d.filter for name, d in self.datasets.items() if d.filter},
            mappings=tuple(
                FileMapping(name, m.files, m.records, m.columns, m.values)
                for name, m in sorted(self.mappings.items())
            ),
            aliases=self.models.aliases,
        )


def _section_of(kind: Any) -> type[BaseModel] | None:
    """The section that an annotation holds, by itself or as the values of a dict."""
    for part in (kind, *get_args(kind)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def _allowed_keys(location: tuple[str | int, ...]) -> str:
    """The keys that exist where an unknown one was found."""
    section: type[BaseModel] = Settings
    for key in location[:-1]:
        field = section.model_fields.get(str(key))
        # A key that is no field is a name that the user gave, such as a dataset's.
        section = (_section_of(field.annotation) if field else None) or section
    return ", ".join(section.model_fields)


def _explain(where: str, error: ValidationError, section: tuple[str, ...] = ()) -> str:
    lines: list[str] = []
    for problem in error.errors():
        location = (*section, *problem["loc"])
        key = ".".join(map(str, location))
        if problem["type"] == "extra_forbidden":
            lines.append(f"unknown key {key!r}; allowed here: {_allowed_keys(location)}")
        elif problem["type"] == "value_error":
            # Our own checks refuse secrets, among other things: the value is not repeated.
            lines.append(f"{key}: {problem['msg']}")
        else:
            lines.append(f"{key} = {problem['input']!r}: {problem['msg']}")
    return f"{where}: " + "; ".join(lines)


def load_settings(path: Path, judge: Mapping[str, object] | None = None) -> Settings:
    """The settings in a file; the defaults when there is no file.

    The environment goes before the file where it names the judge, and ``judge`` before both.

    Raises:
        SettingsError: the file is not YAML, or a key or value is not allowed.
    """
    try:
        read = Settings.model_validate(_document(path))
    except ValidationError as error:
        raise SettingsError(_explain(str(path), error)) from error
    try:
        chosen = read.judge.with_environment().with_choices(judge or {})
    except ValidationError as error:
        where = "ERRORMAP_JUDGE... or the run's config"
        raise SettingsError(_explain(where, error, ("judge",))) from error
    return read.model_copy(update={"judge": chosen})


def _document(path: Path) -> object:
    if not path.exists():
        return {}
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is not YAML: {error}") from error
    if not isinstance(document, dict):
        raise SettingsError(f"{path}: must hold keys such as 'datasets', not a {type(document)}")
    return document
