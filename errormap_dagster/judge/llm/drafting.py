"""From the list in a reply to drafts: what each continues, and the faults that are sent back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from errormap_dagster.domain.growth import Draft
from errormap_dagster.domain.taxonomy import is_vague
from errormap_dagster.judge.interface import TaxonomyLimits
from errormap_dagster.judge.llm.replies import CategoryListReply, CategoryReply
from errormap_dagster.judge.llm.texts import one_line

_SMALL_WORDS: Final = frozenset("a an and at by for from in into of on or the to with".split())
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class DraftList:
    """A list of categories as a reply gave it, mended where it had faults.

    Attributes:
        drafts: usable categories, in the order of the reply.
        faults: what was wrong with the reply, one sentence each.
        is_changed: whether a category was added, merged, split or dropped; other words are none.
        lost: for each given base id that nothing continues any more, the reason.
        explanation: of the judge, on one line.
    """

    drafts: tuple[Draft, ...]
    faults: tuple[str, ...]
    is_changed: bool
    lost: dict[str, str]
    explanation: str


def draft_list(
    reply: CategoryListReply, given: Sequence[Draft], limits: TaxonomyLimits, most: int
) -> DraftList:
    """Read a reply to a question about the categories ``given``, of which ``most`` are allowed."""
    explanation = one_line(reply.explanation) or "the judge gave no reason"
    faults: list[str] = []
    kept: list[tuple[CategoryReply, tuple[int, ...]]] = []
    for item in reply.categories:
        tidy = _tidy(item, limits, faults)
        if is_vague(tidy.name):
            faults.append(f"{_quoted(item.name)} says nothing of what goes wrong.")
        elif any(tidy.name.casefold() == other.name.casefold() for other, _ in kept):
            faults.append(f"{_quoted(item.name)} comes twice.")
        else:
            kept.append((tidy, _places(tidy, given, faults)))
    if len(kept) > most:
        faults.append(f"There are {len(kept)} categories; at most {most} are allowed.")
    kept = kept[:most]
    heirs = Counter(place for _, places in kept for place in places)
    return DraftList(
        drafts=tuple(_draft(item, places, given, heirs, explanation) for item, places in kept),
        faults=tuple(faults),
        is_changed=any(len(places) != 1 for _, places in kept)
        or any(heirs[place] != 1 for place in range(len(given))),
        lost=_lost(kept, given, explanation),
        explanation=explanation,
    )


def _quoted(text: str) -> str:
    return f"{one_line(text)[:_SHOWN]!r}"


def _tidy(item: CategoryReply, limits: TaxonomyLimits, faults: list[str]) -> CategoryReply:
    """Name and description on one line each and no longer than allowed."""
    name, description = one_line(item.name).split(), one_line(item.description).split()
    if len(name) > limits.max_name_words:
        faults.append(f"The name {_quoted(item.name)} has more than {limits.max_name_words} words.")
        telling = [word for word in name if word.casefold() not in _SMALL_WORDS]
        name = (telling or name)[: limits.max_name_words]
    if len(description) > limits.max_description_words:
        faults.append(
            f"The description of {_quoted(item.name)} has more than "
            f"{limits.max_description_words} words."
        )
        description = [*description[: limits.max_description_words], "..."]
    told = {"name": " ".join(name), "description": " ".join(description or name)}
    return item.model_copy(update=told)


def _places(item: CategoryReply, given: Sequence[Draft], faults: list[str]) -> tuple[int, ...]:
    """Which of the given categories an item continues, by their ids, else by its own name."""
    known = {f"C{place}": place - 1 for place in range(1, len(given) + 1)}
    unknown = [name for name in item.builds_on if name not in known]
    if unknown and given:
        faults.append(f"{_quoted(unknown[0])} in builds_on is no id of the list that was given.")
    named = dict.fromkeys(known[name] for name in item.builds_on if name in known)
    alike = [n for n, draft in enumerate(given) if draft.name.casefold() == item.name.casefold()]
    return tuple(named) or tuple(alike[:1])


def _draft(
    item: CategoryReply,
    places: tuple[int, ...],
    given: Sequence[Draft],
    heirs: Counter[int],
    explanation: str,
) -> Draft:
    base_ids = tuple(dict.fromkeys(i for place in places for i in given[place].base_ids))
    if len(places) == 1 and heirs[places[0]] == 1:
        before = given[places[0]]
        if (before.name, before.description) == (item.name, item.description):
            return before
    return Draft(item.name, item.description, base_ids, explanation)


def _lost(
    kept: Sequence[tuple[CategoryReply, tuple[int, ...]]], given: Sequence[Draft], explanation: str
) -> dict[str, str]:
    continued = {i for _, places in kept for place in places for i in given[place].base_ids}
    return {i: explanation for draft in given for i in draft.base_ids if i not in continued}
