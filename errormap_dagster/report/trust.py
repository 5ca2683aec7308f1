"""How far the judge can be trusted, in a sentence for each kind of second reader."""

from errormap_dagster.presentation.numbers import coefficient, count, interval, percent
from errormap_dagster.queries.trust import READERS, Card


def trust_sentence(card: Card) -> str:
    """What the readings of one kind say as a whole, or why there is nothing to say."""
    row, reader = card.overall, READERS[card.kind]
    if row["agreement_share"] is None:
        # Pages show it as plain text, where the marks of code are noise.
        return f"{reader}: not known, {row['reason'].replace('`', '')}."
    within = interval(row["agreement_share_low"], row["agreement_share_high"])
    told = f"the same answer in {percent(row['agreement_share'])} of the failures"
    kappa = ""
    if row["kappa"] is not None:
        value, *ends = (coefficient(row[name]) for name in ("kappa", "kappa_low", "kappa_high"))
        kappa = f"; kappa {value}, {' to '.join(ends)}"
    read = f"{count(row['n_reviewed'])} of {count(row['n_judged'])} read"
    return f"{reader}: {told} (95 % interval {within}{kappa}; {read})."
