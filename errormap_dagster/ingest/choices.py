"""Which metric and filter of a log are taken: the setting, else the format's documented default.

One example is one failure, however many filters and metrics a harness scored it by. What was
taken, and what else there was, is kept beside the staged rows and told by ``errormap status``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from errormap_dagster.domain.identity import content_id
from errormap_dagster.errors import IngestError


@dataclass(frozen=True, slots=True)
class Choice:
    """What was taken of one dataset in one file, and what it could have been.

    ``wanted_*`` are the settings that stood when the file was read; ``filters`` is empty where the
    format knows none.
    """

    dataset: str
    metric: str
    metrics: tuple[str, ...] = ()
    filter: str | None = None
    filters: tuple[str, ...] = ()
    wanted_metric: str | None = None
    wanted_filter: str | None = None


@dataclass(frozen=True, slots=True)
class FileMapping:
    """A declared way to read files that are in no known format.

    Attributes:
        name: under which ``--format`` names it.
        files: a pattern of paths, such as ``runs/*/answers.json``; None when it is only named.
        records: JMESPath of the list of rows in a JSON document; None when it is the document.
        columns: our columns, each with the JMESPath (or column name) of its value in a row.
        values: our columns that are the same in every row; ``{folder}`` and ``{stem}`` stand for
            the names of the file's folder and of the file.
    """

    name: str
    files: str | None
    records: str | None
    columns: Mapping[str, str]
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """The settings that bear on how files are read.

    Attributes:
        metrics: the metric to take, by dataset.
        filters: the filter to take, by dataset.
        mappings: declared mappings, asked in this order before the known formats.
        aliases: spellings of model names, each with the one name it stands for.
    """

    metrics: Mapping[str, str] = field(default_factory=dict[str, str])
    filters: Mapping[str, str] = field(default_factory=dict[str, str])
    mappings: tuple[FileMapping, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def fingerprint(self) -> str:
        """A hash of all that bears on the rows of a file; aliases are applied later."""
        parts: list[Any] = [
            sorted(self.metrics.items()),
            sorted(self.filters.items()),
            [
                (m.name, m.files, m.records, sorted(m.columns.items()), sorted(m.values.items()))
                for m in self.mappings
            ],
        ]
        return content_id(repr(parts))

    def model_of(self, spelling: str) -> str:
        """The one name of a model; a spelling that no alias names stays."""
        return self.aliases.get(spelling, spelling)

    def still_chooses(self, choice: Choice) -> bool:
        """Whether a file that was read with this choice would be read alike now."""
        wanted = (self.metrics.get(choice.dataset), self.filters.get(choice.dataset))
        return wanted == (choice.wanted_metric, choice.wanted_filter)

    def choose(
        self,
        dataset: str,
        metrics: Sequence[str],
        *,
        metric: str | None = None,
        filters: Sequence[str] = (),
        default_filter: str | None = None,
    ) -> Choice:
        """Take the metric and filter of the settings, else the defaults.

        Args:
            dataset: whose settings count.
            metrics: that the file holds, the format's favourite first.
            metric: the default, where it is not the first.
            filters: that the file holds, the format's favourite first.
            default_filter: the default, where it is not the first.

        Raises:
            IngestError: the settings name a metric or filter that is not there.
        """
        wanted = (self.metrics.get(dataset), self.filters.get(dataset))
        taken = _one_of("metric", dataset, wanted[0], metrics) or metric or (*metrics, "score")[0]
        by = _one_of("filter", dataset, wanted[1], filters) if filters else None
        default = default_filter or (*filters, None)[0]
        return Choice(dataset, taken, tuple(metrics), by or default, tuple(filters), *wanted)


def _one_of(what: str, dataset: str, wanted: str | None, there: Sequence[str]) -> str | None:
    if wanted is not None and wanted not in there:
        raise IngestError(
            f"datasets.{dataset}.{what} in errormap.yaml is {wanted!r}, but the file has "
            f"{', '.join(there) or 'none'}. Name one of those, or remove the setting."
        )
    return wanted


DEFAULTS = Reading()
"""No settings at all."""
