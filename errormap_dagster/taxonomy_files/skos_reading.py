"""Reading a SKOS concept scheme as a taxonomy: ours, and those of other tools.

Nothing is fetched, whatever a file refers to, and an XML file that declares entities is refused
before they are looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.parsers import expat

from rdflib import RDF, SKOS, Graph, Literal
from rdflib.collection import Collection
from rdflib.term import Node

from errormap_dagster.domain.edit_replay import USER
from errormap_dagster.domain.identity import content_id
from errormap_dagster.domain.records import Category
from errormap_dagster.errors import SettingsError
from errormap_dagster.taxonomy_files.edits_file import searchable
from errormap_dagster.taxonomy_files.skos_file import TERMS

FORMATS: Final = {".ttl": "turtle", ".rdf": "xml", ".xml": "xml"}


class _DeclaresTypeError(Exception):
    """The XML file has a document type, which could declare entities."""


def read_skos(path: Path, language: str | None = None) -> tuple[str | None, list[Category]]:
    """The name and the categories of a Turtle or RDF/XML file, as rows of a version are ordered.

    A concept without a notation gets an id of its IRI. The name is None where the scheme has no
    notation.

    Args:
        path: the file.
        language: of the texts that are read where there are several, such as en.

    Raises:
        SettingsError: the file is no usable SKOS; names file, concept and remedy.
    """
    graph = _parsed(path)
    scheme = _Scheme(path, graph, language)
    concepts = sorted(set(graph.subjects(RDF.type, SKOS.Concept)), key=str)
    if not concepts:
        raise SettingsError(f"{path}: holds no skos:Concept. A category is one.")
    schemes = sorted(set(graph.subjects(RDF.type, SKOS.ConceptScheme)), key=str)
    if len(schemes) > 1:
        told = ", ".join(map(str, schemes))
        raise SettingsError(f"{path}: holds several concept schemes ({told}). Keep one in a file.")
    name = scheme.text(schemes[0], SKOS.notation) if schemes else None
    categories = scheme.categories(concepts)
    return name, sorted(categories, key=lambda c: (c.depth, c.priority, c.category_id))


def _parsed(path: Path) -> Graph:
    kind = FORMATS[path.suffix.lower()]
    graph = Graph(bind_namespaces="none")
    try:
        content = path.read_bytes()
        if kind == "xml":
            _refuse_entities(content)
        # Its own name, so that relative names need no address that somebody could look up.
        return graph.parse(data=content, format=kind, publicID="urn:errormap:file:")
    except _DeclaresTypeError as error:
        raise SettingsError(
            f"{path}: declares a document type (<!DOCTYPE ...>), which is not read. Remove it, or "
            "save the file as Turtle (.ttl)."
        ) from error
    except Exception as error:
        raise SettingsError(f"{path}: cannot be read as {kind}: {error}") from error


def _refuse_entities(content: bytes) -> None:
    def refuse(*_: object) -> None:
        raise _DeclaresTypeError

    reader = expat.ParserCreate()
    reader.StartDoctypeDeclHandler = refuse
    reader.Parse(content, True)  # noqa: FBT003 - expat takes no name here


@dataclass(frozen=True, slots=True)
class _Scheme:
    path: Path
    graph: Graph
    language: str | None

    def refused(self, concept: Node, problem: str) -> SettingsError:
        """An error that names the file and the concept."""
        return SettingsError(f"{self.path}: concept {concept}: {problem}")

    def text(self, concept: Node, term: Node) -> str | None:
        """The one text that a concept has under a term, if any."""
        found = [v for v in self.graph.objects(concept, term) if isinstance(v, Literal)]
        tongues = sorted({value.language or "" for value in found})
        if len(tongues) > 1 and self.language is None:
            told = ", ".join(tongue or "none" for tongue in tongues)
            first = next(tongue for tongue in tongues if tongue)
            raise self.refused(
                concept,
                f"{_short(term)} is there in several languages ({told}). "
                f"Choose one, such as --language {first}.",
            )
        if len(tongues) > 1:
            own = [v for v in found if (v.language or "") == self.language]
            found = own or [v for v in found if not v.language]
        texts = sorted({str(value) for value in found})
        if len(texts) > 1:
            raise self.refused(concept, f"has several values of {_short(term)}. Keep one.")
        return texts[0] if texts else None

    def required(self, concept: Node, term: Node) -> str:
        """The text of a term that every category needs."""
        text = self.text(concept, term)
        if not text:
            said = f" in {self.language} or without a language" if self.language else ""
            raise self.refused(concept, f"has no {_short(term)}{said}. Add one.")
        return text

    def parent(self, concept: Node, concepts: frozenset[Node]) -> Node | None:
        """The one concept above, by either of the two ways to say so."""
        found = {*self.graph.objects(concept, SKOS.broader)}
        found |= {*self.graph.subjects(SKOS.narrower, concept)}
        above = sorted(found, key=str)
        if len(above) > 1:
            told = ", ".join(map(str, above))
            raise self.refused(concept, f"lies below several concepts ({told}). Keep one.")
        if above and above[0] not in concepts:
            raise self.refused(
                concept, f"lies below {above[0]}, which is no skos:Concept of the file. Add it."
            )
        return above[0] if above else None

    def categories(self, concepts: Sequence[Node]) -> list[Category]:
        """Every concept as a category."""
        known = frozenset(concepts)
        parents = {concept: self.parent(concept, known) for concept in concepts}
        ids = {concept: self._id(concept) for concept in concepts}
        depths = {concept: self._depth(concept, parents) for concept in concepts}
        return [self._category(c, ids, parents[c], depths[c]) for c in concepts]

    def _id(self, concept: Node) -> str:
        return self.text(concept, SKOS.notation) or f"{USER}.{content_id(str(concept), length=12)}"

    def _depth(self, concept: Node, parents: dict[Node, Node | None]) -> int:
        passed = [concept]
        while (above := parents[passed[-1]]) is not None:
            if above in passed:
                told = " > ".join(map(str, [*passed[passed.index(above) :], above]))
                raise self.refused(
                    concept, f"skos:broader leads in a circle ({told}). Remove one of these."
                )
            passed.append(above)
        return len(passed)

    def _category(
        self, concept: Node, ids: dict[Node, str], parent: Node | None, depth: int
    ) -> Category:
        return Category(
            category_id=ids[concept],
            parent_category_id=ids[parent] if parent is not None else None,
            depth=depth,
            name=self.required(concept, SKOS.prefLabel),
            description=self.required(concept, SKOS.definition),
            example=self.text(concept, SKOS.example) or "",
            counter_example=self.text(concept, SKOS.scopeNote) or "",
            priority=self._priority(concept),
            origin=self.text(concept, TERMS.origin) or USER,
            rule=self._rule(concept),
            listed_prediction_ids=self._listed(concept),
        )

    def _priority(self, concept: Node) -> int:
        told = self.text(concept, TERMS.priority)
        if told is None:
            return 1
        if not told.isdecimal() or int(told) < 1:
            raise self.refused(concept, f"has the priority {told!r}. Write a number from 1.")
        return int(told)

    def _rule(self, concept: Node) -> str | None:
        rule = self.text(concept, TERMS.rule)
        try:
            return None if rule is None else searchable(rule)
        except ValueError as error:
            raise self.refused(concept, f"{error}.") from error

    def _listed(self, concept: Node) -> tuple[str, ...]:
        listed = self.graph.value(concept, TERMS.listed)
        return tuple(map(str, Collection(self.graph, listed))) if listed is not None else ()


def _short(term: Node) -> str:
    return str(term).replace(str(SKOS), "skos:").replace(str(TERMS), "em:")
