"""The prompts as versioned files: which there are, what they hash to, and how they are filled in.

``prompts/<stage>/v<N>.md.j2`` has two blocks. ``system`` does not change from case to case, so that
a provider's cache of prefixes serves it; ``case`` comes last.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from errormap_dagster.errors import SettingsError
from errormap_dagster.judge.interface import Operation
from errormap_dagster.paths import prompts_dir

_FILE = re.compile(r"^v(\d+)\.md\.j2$")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One version of one stage's prompt."""

    stage: Operation
    version: str

    @property
    def text(self) -> str:
        """The file as it stands."""
        return _path(self.stage, self.version).read_text(encoding="utf-8")

    @property
    def content_hash(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def system(self, values: Mapping[str, object]) -> str:
        """The part that all cases have in common, filled in."""
        return _block(self, "system", values)

    def case(self, values: Mapping[str, object]) -> str:
        """The part of one case, filled in. What is filled in is never read as a template."""
        return _block(self, "case", values)


def versions(stage: Operation) -> list[str]:
    """The versions of a stage's prompt, oldest first."""
    names = [_FILE.match(path.name) for path in (prompts_dir() / stage.value).iterdir()]
    return [f"v{number}" for number in sorted(int(name.group(1)) for name in names if name)]


def prompt(stage: Operation, version: str | None) -> Prompt:
    """A stage's prompt; the newest when no version is named.

    Raises:
        SettingsError: there is no such version.
    """
    known = versions(stage)
    chosen = version or known[-1]
    if chosen not in known:
        raise SettingsError(
            f"judge.stages.{stage.value}.prompt_version is {chosen!r}; there are {known}."
        )
    return Prompt(stage, chosen)


def _path(stage: Operation, version: str) -> Path:
    return prompts_dir() / stage.value / f"{version}.md.j2"


@cache
def _environment() -> Environment:
    # The prompts are text for a model, not HTML: nothing is escaped, everything is fenced.
    return Environment(
        loader=FileSystemLoader(prompts_dir()),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - see above
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _template(stage: Operation, version: str) -> Template:
    return _environment().get_template(f"{stage.value}/{version}.md.j2")


def _block(chosen: Prompt, name: str, values: Mapping[str, object]) -> str:
    template = _template(chosen.stage, chosen.version)
    context = template.new_context(dict(values))
    return "".join(template.blocks[name](context)).strip()
