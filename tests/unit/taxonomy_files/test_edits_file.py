"""``taxonomy/edits.yaml`` is read strictly and written gently."""

from pathlib import Path
from typing import Any

import pytest

from errormap_dagster.domain.edits import EditKind
from errormap_dagster.errors import SettingsError
from errormap_dagster.taxonomy_files.edits_file import add_entry, load_edits

WHO = {"author": "Ada", "reason": "as told"}
ENTRIES: list[dict[str, Any]] = [
    {"merge": ["A", "B"], "into": "C", **WHO},
    {"rename": "A", "to": "B", **WHO},
    {"split": "A", "into": [{"name": "N", "description": "d", "rule": "(?i)x+"}], **WHO},
    {"move": "A", "under": None, **WHO},
    {"pin": "A", **WHO},
    {"forbid": "A", "into": "B", **WHO},
    {"reword": "A", "description": "new words", **WHO},
]


def test_every_kind_of_entry_is_added_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "taxonomy" / "edits.yaml"
    assert load_edits(path) == ()
    added = [add_entry(path, entry) for entry in ENTRIES]
    assert list(load_edits(path)) == added
    assert [edit.kind for edit in added] == list(EditKind)
    assert [edit.number for edit in added] == list(range(1, 8))


@pytest.mark.parametrize(
    "text",
    [
        "# ours\nedits: []\n",
        "# ours\nedits:\n- {pin: A, author: B, reason: c}\n",
        "# ours\nedits:\n    - {pin: A, author: B, reason: c}\n",
    ],
)
def test_what_stands_in_the_file_stays_as_it_was_written(tmp_path: Path, text: str) -> None:
    path = tmp_path / "edits.yaml"
    path.write_text(text, encoding="utf-8")
    n_before = len(load_edits(path))
    add_entry(path, ENTRIES[1])
    assert "# ours" in path.read_text(encoding="utf-8")
    assert len(load_edits(path)) == n_before + 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- merge", "one key, 'edits'"),
        ("edits: [{pin: A, author: B, reason: c}, {author: B, reason: c}]", "entry 2: must have"),
        ("edits: [{pin: A, reason: c}]", "entry 1: author: Field required. Keys of pin"),
        ("edits: [{pin: A, author: B, reason: c, colour: red}]", "colour: Extra inputs"),
        ("edits: [{merge: [A], rename: B, into: C}]", "exactly one of the keys"),
        (
            "edits: [{split: A, into: [{name: N, description: d, rule: '('}], author: B}]",
            "is no regular expression",
        ),
        ("edits: {", "is not YAML"),
    ],
)
def test_a_wrong_entry_names_the_file_the_entry_and_what_is_allowed(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "edits.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        load_edits(path)
    assert told in str(raised.value)
    assert str(path) in str(raised.value)
