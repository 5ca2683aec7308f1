"""A taxonomy comes back from SKOS the same; a foreign file is read or says what to mend."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errormap_dagster.atlas.loader import load_atlas
from errormap_dagster.domain.crosswalk import Match, Relation
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy_versions import VersionKey
from errormap_dagster.errors import ErrorMapError
from errormap_dagster.taxonomy_files.reading import TaxonomySource, read_taxonomy_file
from errormap_dagster.taxonomy_files.skos_file import skos_text

KEY = VersionKey("team", 2)
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
FULL = ANY.filter(bool)
HEAD = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix : <http://example.com/errors#> .
:scheme a skos:ConceptScheme ; skos:notation "team" .
"""


def concept(name: str, more: str = "") -> str:
    return f':{name} a skos:Concept ; skos:prefLabel "{name}" ; skos:definition "d" {more} .\n'


@st.composite
def trees(draw: st.DrawFn) -> list[Category]:
    """Trees of up to three levels, of whatever texts, in the order of a version's rows."""
    placed: list[Category] = []
    for place, category_id in enumerate(draw(st.lists(FULL, min_size=1, max_size=6, unique=True))):
        above = [c for c in placed if c.depth < 3 and not (c.rule or c.listed_prediction_ids)]
        parent = draw(st.sampled_from([None, *above]))
        placed.append(
            Category(
                category_id,
                parent.category_id if parent else None,
                parent.depth + 1 if parent else 1,
                f"{place} {draw(ANY)}",
                draw(FULL),
                draw(ANY),
                draw(ANY),
                draw(st.integers(1, 99)),
                draw(FULL),
                draw(st.sampled_from([None, "(?i)a+\\b"])),
                tuple(draw(st.lists(FULL, max_size=3))),
            )
        )
    return sorted(placed, key=lambda c: (c.depth, c.priority, c.category_id))


def read(folder: Path, text: str, ending: str = "ttl", **more: str) -> tuple[str, list[Category]]:
    path = folder / f"file.{ending}"
    path.write_bytes(text.encode("utf-8"))
    return read_taxonomy_file(TaxonomySource(path, **more))


@given(tree=trees())
def test_what_was_written_is_read_back(
    tree: list[Category], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = skos_text(KEY, tree)
    assert read(tmp_path_factory.mktemp("skos"), text) == ("team", tree)
    assert skos_text(KEY, list(reversed(tree))) == text


def test_the_atlas_is_read_back_with_what_it_is_matched_with(tmp_path: Path) -> None:
    atlas = load_atlas()
    match = Match(atlas[0].category_id, "atlas.computation_error", Relation.BROADER)
    text = skos_text(VersionKey("atlas", 1), atlas, [match])
    assert "skos:broadMatch <urn:errormap:atlas:atlas.computation_error>" in text
    assert 'owl:versionInfo "1"' in text
    name, categories = read(tmp_path, text)
    assert name == "atlas"
    assert sorted(categories, key=lambda c: c.priority) == atlas


def test_a_foreign_file_in_either_syntax_is_read(tmp_path: Path) -> None:
    turtle = HEAD + concept("A", "; skos:narrower :B") + concept("B")
    name, categories = read(tmp_path, turtle)
    assert name == "team"
    assert [(c.name, c.depth, c.origin) for c in categories] == [("A", 1, "user"), ("B", 2, "user")]
    xml = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:skos="http://www.w3.org/2004/02/skos/core#">'
        '<skos:Concept rdf:about="http://example.com/A"><skos:prefLabel>A</skos:prefLabel>'
        "<skos:definition>d</skos:definition></skos:Concept></rdf:RDF>"
    )
    name, (category,) = read(tmp_path, xml, "rdf", name="ours")
    assert (name, category.name) == ("ours", "A")


def test_of_several_languages_one_is_chosen(tmp_path: Path) -> None:
    text = HEAD + ':A a skos:Concept ; skos:prefLabel "Sum"@en, "Summe"@de ; skos:definition "d" .'
    _, (category,) = read(tmp_path, text, language="de")
    assert category.name == "Summe"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "holds no skos:Concept"),
        (':A a skos:Concept ; skos:prefLabel "S"@en, "T"@de .', r"#A: .*\(de, en\).*--language de"),
        (':A a skos:Concept ; skos:prefLabel "S", "T" .', "#A: has several values of skos:prefL"),
        (':A a skos:Concept ; skos:prefLabel "S" .', "#A: has no skos:definition. Add one"),
        (
            concept("A", "; skos:broader :B") + concept("B", "; skos:broader :A"),
            "#A: skos:broader leads in a circle",
        ),
        (concept("A", "; skos:broader :A"), "#A: skos:broader leads in a circle"),
        (
            concept("A") + concept("B") + concept("C", "; skos:broader :A, :B"),
            "#C: lies below several concepts",
        ),
        (concept("A", "; skos:broader :Z"), "#A: lies below .*#Z, which is no skos:Concept"),
        (concept("A", '; <urn:errormap:terms:rule> "("'), "#A: '\\(' is no regular expression"),
        (concept("A", '; <urn:errormap:terms:priority> "0"'), "#A: has the priority '0'"),
        (concept("Other"), "the name says nothing"),
        (":next a skos:ConceptScheme .\n" + concept("A"), "several concept schemes"),
        ("<", "cannot be read as turtle"),
    ],
)
def test_a_file_that_cannot_be_used_names_itself_the_concept_and_the_remedy(
    tmp_path: Path, body: str, told: str
) -> None:
    with pytest.raises(ErrorMapError, match=rf"file\.ttl: .*{told}"):
        read(tmp_path, HEAD + body)


def test_a_scheme_without_a_name_asks_for_one(tmp_path: Path) -> None:
    text = HEAD.replace('; skos:notation "team"', "") + concept("A")
    with pytest.raises(ErrorMapError, match="--name team"):
        read(tmp_path, text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "declared",
    [
        '[<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]',
        '[<!ENTITY a SYSTEM "file:///etc/hostname">]',
        'SYSTEM "http://127.0.0.1:1/any.dtd"',
    ],
)
def test_xml_with_declarations_is_refused(tmp_path: Path, declared: str, encoding: str) -> None:
    path = tmp_path / "file.xml"
    text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE r {declared}><r>&b;</r>'
    path.write_bytes(text.encode(encoding))
    with pytest.raises(ErrorMapError, match="Remove it, or save the file as Turtle"):
        read_taxonomy_file(TaxonomySource(path))
