"""How far the judge can be trusted: people, a second judge, and itself once more."""

from errormap_dagster.domain.signature import ALL_DATASETS
from errormap_dagster.explorer.view import Page, View
from errormap_dagster.queries.errors import datasets_of, models_of, versions
from errormap_dagster.queries.trust import (
    READERS,
    TABLE,
    corrected_rows,
    disagreements,
    trust_cards,
)
from errormap_dagster.report.trust import trust_sentence

_MOST_SHOWN = 50


def show(view: View) -> Page:
    """The page; until the card is made it says how."""
    version = view.version()
    dataset = view.dataset()
    model = view.model(dataset=dataset)
    cards = trust_cards(view.tables, version)
    shares = [
        value
        for card in cards
        for row in card.categories
        for value in (row["raw_share"], row["corrected_share_high"])
        if value is not None
    ]
    return Page(
        "trust.html.j2",
        {
            "title": "How far the judge can be trusted",
            "table": TABLE,
            "version": str(version),
            "versions": versions(view.tables),
            "cards": cards,
            "sentences": {card.kind: trust_sentence(card) for card in cards},
            "readers": READERS,
            "model": model,
            "models": models_of(view.tables, dataset),
            "dataset": dataset,
            "datasets": datasets_of(view.tables),
            "corrected": corrected_rows(view.tables, version, model, dataset or ALL_DATASETS)
            if model
            else [],
            "top": max(shares, default=1.0),
            "differing": {
                card.kind: disagreements(view.tables, version, card.kind, _MOST_SHOWN)
                for card in cards
            },
        },
    )
