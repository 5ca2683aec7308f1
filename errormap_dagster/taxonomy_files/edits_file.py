"""``taxonomy/edits.yaml``: what people want of every grown taxonomy, by whom and why."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from errormap_dagster.domain.edits import Edit, EditKind, Part
from errormap_dagster.errors import SettingsError


def searchable(rule: str) -> str:
    """A rule as it is, if texts can be searched by it.

    Raises:
        ValueError: it is no regular expression; says why.
    """
    try:
        pl.Series([""]).str.contains(rule)
    except pl.exceptions.ComputeError as error:
        raise ValueError(f"{rule!r} is no regular expression: {error}") from error
    return rule


Text = Annotated[str, Field(min_length=1)]
Rule = Annotated[str, Field(min_length=1), AfterValidator(searchable)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Part(_Strict):
    name: Text
    description: Text
    rule: Rule | None = None
    prediction_ids: tuple[Text, ...] = ()


class _Entry(_Strict):
    author: Text
    reason: Text

    def parts(self) -> dict[str, Any]:
        """What the kind adds to an ``Edit``."""
        return {}


class _Merge(_Entry):
    merge: Annotated[list[Text], Field(min_length=1)]
    into: Text
    description: Text | None = None

    def parts(self) -> dict[str, Any]:
        """The target, and what it says where it is new."""
        wording = {"description": self.description} if self.description else {}
        return {"to": self.into, "wording": wording}


class _Rename(_Entry):
    rename: Text
    to: Text

    def parts(self) -> dict[str, Any]:
        """The new name."""
        return {"to": self.to}


class _Split(_Entry):
    split: Text
    into: Annotated[list[_Part], Field(min_length=1)]

    def parts(self) -> dict[str, Any]:
        """The categories that it makes."""
        return {"parts": tuple(Part(**part.model_dump()) for part in self.into)}


class _Move(_Entry):
    move: Text
    under: Text | None

    def parts(self) -> dict[str, Any]:
        """The category above; None for the top."""
        return {"to": self.under}


class _Pin(_Entry):
    pin: Text


class _Forbid(_Entry):
    forbid: Text
    into: Text | None = None

    def parts(self) -> dict[str, Any]:
        """Where its errors belong."""
        return {"to": self.into}


class _Reword(_Entry):
    reword: Text
    description: Text | None = None
    example: Text | None = None
    counter_example: Text | None = None

    def parts(self) -> dict[str, Any]:
        """What it says from now on."""
        texts = self.model_dump(include={"description", "example", "counter_example"})
        return {"wording": {name: text for name, text in texts.items() if text is not None}}


_KINDS: Mapping[EditKind, type[_Entry]] = {
    EditKind.MERGE: _Merge,
    EditKind.RENAME: _Rename,
    EditKind.SPLIT: _Split,
    EditKind.MOVE: _Move,
    EditKind.PIN: _Pin,
    EditKind.FORBID: _Forbid,
    EditKind.REWORD: _Reword,
}
_EMPTY_LIST = re.compile(r"^edits:.*$", re.MULTILINE)
_FIRST_ENTRY = re.compile(r"^( *)- ", re.MULTILINE)


def load_edits(path: Path) -> tuple[Edit, ...]:
    """The edits in a file, in their order; none when there is no file.

    Raises:
        SettingsError: the file is not YAML, or an entry is none; names file, entry and remedy.
    """
    if not path.exists():
        return ()
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {"edits": []}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is not YAML: {error}") from error
    entries = document.get("edits") if isinstance(document, dict) else None
    if not isinstance(entries, list) or set(document) != {"edits"}:
        raise SettingsError(f"{path}: must hold one key, 'edits', with a list of entries.")
    return tuple(_edit(path, number, entry) for number, entry in enumerate(entries, start=1))


def _edit(path: Path, number: int, entry: Any) -> Edit:
    where = f"{path}: entry {number}"
    named = [kind for kind in EditKind if isinstance(entry, dict) and kind.value in entry]
    if len(named) != 1:
        known = ", ".join(EditKind)
        raise SettingsError(f"{where}: must have exactly one of the keys {known}.")
    (kind,) = named
    try:
        read = _KINDS[kind].model_validate(entry)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or kind}: {problem['msg']}"
            for problem in error.errors()
        )
        allowed = ", ".join(_KINDS[kind].model_fields)
        raise SettingsError(f"{where}: {problems}. Keys of {kind}: {allowed}.") from error
    about = getattr(read, kind.value)
    categories = tuple(about) if isinstance(about, list) else (about,)
    return Edit(number, kind, categories, read.author, read.reason, **read.parts())


def add_entry(path: Path, entry: Mapping[str, Any]) -> Edit:
    """Add an entry to the end of the file; what stands in it stays as it was written.

    Raises:
        SettingsError: the entry, or one that stands, is none.
    """
    known = load_edits(path)
    edit = _edit(path, len(known) + 1, dict(entry))
    listed = yaml.safe_dump([dict(entry)], sort_keys=False, allow_unicode=True)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if not known:
        text = f"{_EMPTY_LIST.sub('', text).rstrip()}\nedits:".lstrip()
    first = _FIRST_ENTRY.search(text)
    margin = first.group(1) if first else "  "
    path.parent.mkdir(parents=True, exist_ok=True)
    added = "".join(f"{margin}{line}\n" for line in listed.splitlines())
    path.write_text(f"{text.rstrip()}\n{added}", encoding="utf-8")
    load_edits(path)
    return edit
