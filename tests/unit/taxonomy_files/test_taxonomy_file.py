"""A taxonomy is the same after it was written to a file and read back."""

from pathlib import Path

import pytest

from errormap_dagster.atlas.loader import load_atlas
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy import content_hash
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.taxonomy_files.taxonomy_file import read_taxonomy, taxonomy_text

TREE = [
    Category("a", None, 1, "A", "all a", "e", "c", 1, "induced"),
    Category("b", "a", 2, "B: é", "all b", "", "", 2, "user", "(?i)b+", ("p1", "p2")),
]


@pytest.mark.parametrize("categories", [TREE, load_atlas()])
def test_a_file_gives_back_what_was_written(tmp_path: Path, categories: list[Category]) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(taxonomy_text("team", categories), encoding="utf-8")
    name, read = read_taxonomy(path)
    assert name == "team"
    assert content_hash(read) == content_hash(categories)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("taxonomy: team\ncategories: []\n", "categories: Tuple should have at least 1"),
        ("taxonomy: team\ncategories: [{name: A}]\n", "description: Field required"),
        ("taxonomy: A b\ncategories: [{name: A, description: d}]\n", "taxonomy: String should"),
        ("taxonomy: t\ncategories: [{name: Other, description: d}]\n", "says nothing"),
        ("{", "cannot be read as YAML"),
    ],
)
def test_a_file_that_is_no_taxonomy_says_what_is_wrong(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ErrorMapError, match=told):
        read_taxonomy(path)
