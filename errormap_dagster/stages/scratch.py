"""A copy of a home to try things in: what is made there is thrown away, the home stays as it is.

Files are linked, not copied, where the file system can: the stages replace files and never write
into them, so the home's own files cannot change.
"""

import os
import shutil
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from errormap_dagster.home import Home
from errormap_dagster.judge.interface import Judge
from errormap_dagster.project import Project

_FOLDER = "scratch"


@dataclass(frozen=True, slots=True)
class ScratchHome(Home):
    """A copy that reads the files that people write in the home that it was copied from."""

    of: Home

    @property
    def landing(self) -> Path:
        """Where users drop files: the home's own folder."""
        return self.of.landing

    @property
    def settings_file(self) -> Path:
        """The settings: the home's own file."""
        return self.of.settings_file

    @property
    def taxonomy_folder(self) -> Path:
        """Edits and taxonomies of people: the home's own folder."""
        return self.of.taxonomy_folder


@dataclass(frozen=True, kw_only=True)
class JudgedProject(Project):
    """A project whose judge is another than the settings name."""

    other_judge: Judge

    @cached_property
    def judge(self) -> Judge:
        """The judge that was given."""
        return self.other_judge


@contextmanager
def scratch_home(home: Home) -> Generator[ScratchHome]:
    """A copy of a home's landed rows and tables until the end of the block."""
    folder = home.root / _FOLDER
    copy = ScratchHome(folder / uuid.uuid4().hex, home)
    try:
        for source, target in ((home.staging, copy.staging), (home.tables, copy.tables)):
            target.mkdir(parents=True)
            _link(source, target)
        yield copy
    finally:
        shutil.rmtree(copy.root, ignore_errors=True)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _link(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if not path.is_file() or path.suffix == ".tmp":
            continue
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, copy)
        except FileNotFoundError:
            continue  # a run that is at work has replaced it meanwhile
        except OSError:
            shutil.copyfile(path, copy)
