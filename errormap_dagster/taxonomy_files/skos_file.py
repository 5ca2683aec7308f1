"""A taxonomy as a SKOS concept scheme, to exchange it with tools for vocabularies.

A version is written as Turtle and read back the same. What SKOS has no word for (priority, origin,
rule, listed errors) stands under terms of our own, which other tools pass over.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from rdflib import RDF, SKOS, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.namespace import OWL
from rdflib.term import BNode, Node

from errormap_dagster.domain.crosswalk import Match, Relation
from errormap_dagster.domain.records import Category
from errormap_dagster.domain.taxonomy_versions import VersionKey

TERMS = Namespace("urn:errormap:terms:")
ATLAS = "atlas"
MATCHES: Mapping[Relation, URIRef] = {
    Relation.EXACT: SKOS.exactMatch,
    Relation.BROADER: SKOS.broadMatch,
    Relation.NARROWER: SKOS.narrowMatch,
    Relation.RELATED: SKOS.relatedMatch,
}


def scheme_of(taxonomy: str) -> URIRef:
    """The IRI of a taxonomy; it is a name and no address."""
    return URIRef(f"urn:errormap:{quote(taxonomy, safe='')}")


def concept_of(taxonomy: str, category_id: str) -> URIRef:
    """The IRI of a category, the same in every version."""
    return URIRef(f"{scheme_of(taxonomy)}:{quote(category_id, safe='')}")


def skos_text(
    key: VersionKey, categories: Sequence[Category], matches: Sequence[Match] = ()
) -> str:
    """A version as Turtle.

    Args:
        key: the version; its number is the scheme's ``owl:versionInfo``.
        categories: its tree.
        matches: what the atlas has for them, where that is known.
    """
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in (("skos", SKOS), ("owl", OWL), ("em", TERMS)):
        graph.bind(prefix, namespace)
    scheme = scheme_of(key.taxonomy)
    graph.add((scheme, RDF.type, SKOS.ConceptScheme))
    graph.add((scheme, SKOS.prefLabel, Literal(key.taxonomy)))
    graph.add((scheme, SKOS.notation, Literal(key.taxonomy)))
    graph.add((scheme, OWL.versionInfo, Literal(str(key.version))))
    for category in categories:
        _add_concept(graph, key.taxonomy, category)
    for match in matches:
        if match.relation in MATCHES:
            ours = concept_of(key.taxonomy, match.category_id)
            theirs = concept_of(ATLAS, match.atlas_category_id)
            graph.add((ours, MATCHES[match.relation], theirs))
    return graph.serialize(format="turtle")


def _add_concept(graph: Graph, taxonomy: str, category: Category) -> None:
    scheme, concept = scheme_of(taxonomy), concept_of(taxonomy, category.category_id)
    parent = category.parent_category_id
    graph.add((concept, RDF.type, SKOS.Concept))
    graph.add((concept, SKOS.inScheme, scheme))
    if parent is None:
        graph.add((concept, SKOS.topConceptOf, scheme))
        graph.add((scheme, SKOS.hasTopConcept, concept))
    else:
        graph.add((concept, SKOS.broader, concept_of(taxonomy, parent)))
        graph.add((concept_of(taxonomy, parent), SKOS.narrower, concept))
    texts: dict[Node, str | None] = {
        SKOS.prefLabel: category.name,
        SKOS.definition: category.description,
        SKOS.example: category.example or None,
        SKOS.scopeNote: category.counter_example or None,
        SKOS.notation: category.category_id,
        TERMS.origin: category.origin,
        TERMS.rule: category.rule,
    }
    for term, text in texts.items():
        if text is not None:
            graph.add((concept, term, Literal(text)))
    graph.add((concept, TERMS.priority, Literal(category.priority)))
    if category.listed_prediction_ids:
        # A list keeps the order that bare statements would lose; its name keeps the file the same.
        first = BNode(f"listed{quote(category.category_id, safe='')}")
        Collection(graph, first, [Literal(i) for i in category.listed_prediction_ids])
        graph.add((concept, TERMS.listed, first))
